---- MODULE Starve ----
\* x is delivered and sent again for ever; y waits. Weak fairness to both
\* deliveries, each by itself, delivers y; fairness to x's alone does not.
EXTENDS Naturals
VARIABLES x, y
vars == <<x, y>>
Init == x = 1 /\ y = 1
DeliverX == x = 1 /\ x' = 0 /\ UNCHANGED y
SendX == x = 0 /\ x' = 1 /\ UNCHANGED y
DeliverY == y = 1 /\ y' = 0 /\ UNCHANGED x
Next == DeliverX \/ SendX \/ DeliverY
P == y = 0
Q == x = 0
SpecNone == Init /\ [][Next]_vars /\ WF_vars(DeliverX) /\ WF_vars(SendX)
SpecWeak == SpecNone /\ WF_vars(DeliverY)
SpecStrong == SpecNone /\ SF_vars(DeliverY)

Eventually == <>P
AlwaysEventually == []<>P
EventuallyAlways == <>[]P
LeadsTo == P ~> Q
====
