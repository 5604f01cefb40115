---- MODULE Parts ----
\* A component that is not fair with a part that is: a behaviour may stay with
\* 0 and 1, away from 2, where S is possible.
EXTENDS Naturals
VARIABLES x
vars == <<x>>
Init == x = 0
A == x = 0 /\ x' = 1
B == x = 1 /\ x' = 0
C == x = 1 /\ x' = 2
D == x = 2 /\ x' = 1
S == x = 2 /\ x' = 9
Next == A \/ B \/ C \/ D \/ S
P == x = 9
Q == x = 1
SpecNone == Init /\ [][Next]_vars
SpecWeak == SpecNone /\ WF_vars(A) /\ WF_vars(B) /\ WF_vars(C) /\ WF_vars(D) /\ SF_vars(S)
SpecStrong == SpecNone /\ WF_vars(A) /\ WF_vars(B) /\ SF_vars(C) /\ WF_vars(D) /\ SF_vars(S)

Eventually == <>P
AlwaysEventually == []<>P
EventuallyAlways == <>[]P
LeadsTo == P ~> Q
====
