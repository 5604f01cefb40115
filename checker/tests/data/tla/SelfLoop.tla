---- MODULE SelfLoop ----
\* Ping changes nothing: fairness to it asks for nothing, and taking it is stuttering.
EXTENDS Naturals
VARIABLES x
vars == <<x>>
Init == x = 0
Ping == x' = x
Go == x = 0 /\ x' = 1
Back == x = 1 /\ x' = 2
Next == Ping \/ Go \/ Back
P == x = 1
Q == x = 2
SpecNone == Init /\ [][Next]_vars /\ WF_vars(Ping)
SpecWeak == SpecNone /\ WF_vars(Go)
SpecStrong == SpecNone /\ SF_vars(Ping) /\ SF_vars(Go) /\ SF_vars(Back)

Eventually == <>P
AlwaysEventually == []<>P
EventuallyAlways == <>[]P
LeadsTo == P ~> Q
====
