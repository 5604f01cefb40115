---- MODULE Join ----
\* Ways with different pasts meet in 4: from 1 (odd) and from 2 (even). What
\* comes after is even, or the cycle 4, 5 by way of an odd number.
EXTENDS Naturals
VARIABLES x
vars == <<x>>
Init == x = 0
One == x = 0 /\ x' = 1
Two == x = 0 /\ x' = 2
FromOne == x = 1 /\ x' = 4
FromTwo == x = 2 /\ x' = 4
Up == x = 4 /\ x' = 5
Down == x = 5 /\ x' = 4
End == x = 4 /\ x' = 6
Next == One \/ Two \/ FromOne \/ FromTwo \/ Up \/ Down \/ End
P == x \in {1, 5}
Q == x = 6
SpecNone == Init /\ [][Next]_vars
SpecWeak == SpecNone /\ WF_vars(One) /\ WF_vars(Two) /\ WF_vars(FromOne) /\ WF_vars(FromTwo) /\ WF_vars(Up) /\ WF_vars(Down) /\ WF_vars(End)
SpecStrong == SpecNone /\ WF_vars(One) /\ WF_vars(FromOne) /\ SF_vars(Up) /\ WF_vars(Down) /\ SF_vars(End)

Eventually == <>P
AlwaysEventually == []<>P
EventuallyAlways == <>[]P
LeadsTo == P ~> Q
====
