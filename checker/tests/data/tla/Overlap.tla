---- MODULE Overlap ----
\* P and Q hold together in 1 and apart in 0, 2 and 3; 4 is a dead end.
EXTENDS Naturals
VARIABLES x
vars == <<x>>
Init == x \in {0, 3}
A == x = 0 /\ x' = 1
B == x = 1 /\ x' = 2
C == x = 2 /\ x' = 0
D == x = 3 /\ x' = 4
E == x = 3 /\ x' = 0
Next == A \/ B \/ C \/ D \/ E
P == x \in {0, 1}
Q == x \in {1, 2, 4}
SpecNone == Init /\ [][Next]_vars
SpecWeak == SpecNone /\ WF_vars(A) /\ WF_vars(B) /\ WF_vars(C) /\ WF_vars(D)
SpecStrong == SpecNone /\ SF_vars(A) /\ SF_vars(B) /\ SF_vars(E)

Eventually == <>P
AlwaysEventually == []<>P
EventuallyAlways == <>[]P
LeadsTo == P ~> Q
====
