---- MODULE TwoCycles ----
\* From 0 to a cycle 1, 3 or to a cycle 2, 4; neither is ever left.
EXTENDS Naturals
VARIABLES x
vars == <<x>>
Init == x = 0
Left == x = 0 /\ x' = 1
Right == x = 0 /\ x' = 2
A == x = 1 /\ x' = 3
B == x = 3 /\ x' = 1
C == x = 2 /\ x' = 4
D == x = 4 /\ x' = 2
Next == Left \/ Right \/ A \/ B \/ C \/ D
P == x \in {1, 2, 4}
Q == x \in {2, 3}
SpecNone == Init /\ [][Next]_vars
SpecWeak == SpecNone /\ WF_vars(Left) /\ WF_vars(Right) /\ WF_vars(A) /\ WF_vars(B) /\ WF_vars(C) /\ WF_vars(D)
SpecStrong == SpecNone /\ SF_vars(Left) /\ SF_vars(Right) /\ WF_vars(A) /\ SF_vars(B) /\ WF_vars(C)

Eventually == <>P
AlwaysEventually == []<>P
EventuallyAlways == <>[]P
LeadsTo == P ~> Q
====
