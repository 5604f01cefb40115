---- MODULE Mutex ----
\* Two processes and a lock. a, b: 0 idle, 1 waiting, 2 holding the lock.
EXTENDS Naturals
VARIABLES a, b
vars == <<a, b>>
Init == a = 0 /\ b = 0
RequestA == a = 0 /\ a' = 1 /\ UNCHANGED b
RequestB == b = 0 /\ b' = 1 /\ UNCHANGED a
EnterA == a = 1 /\ b # 2 /\ a' = 2 /\ UNCHANGED b
EnterB == b = 1 /\ a # 2 /\ b' = 2 /\ UNCHANGED a
ExitA == a = 2 /\ a' = 0 /\ UNCHANGED b
ExitB == b = 2 /\ b' = 0 /\ UNCHANGED a
Next == RequestA \/ RequestB \/ EnterA \/ EnterB \/ ExitA \/ ExitB
P == a = 1
Q == a = 2
SpecNone == Init /\ [][Next]_vars
SpecWeak == SpecNone /\ WF_vars(EnterA) /\ WF_vars(EnterB) /\ WF_vars(ExitA) /\ WF_vars(ExitB)
SpecStrong == SpecNone /\ SF_vars(EnterA) /\ SF_vars(EnterB) /\ WF_vars(ExitA) /\ WF_vars(ExitB)

Eventually == <>P
AlwaysEventually == []<>P
EventuallyAlways == <>[]P
LeadsTo == P ~> Q
====
