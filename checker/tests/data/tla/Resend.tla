---- MODULE Resend ----
\* A sender repeats its message until it is received; the network may lose it.
EXTENDS Naturals
VARIABLES net, got
vars == <<net, got>>
Init == net = 0 /\ got = FALSE
Send == ~got /\ net = 0 /\ net' = 1 /\ UNCHANGED got
Lose == net = 1 /\ net' = 0 /\ UNCHANGED got
Deliver == net = 1 /\ net' = 0 /\ got' = TRUE
Next == Send \/ Lose \/ Deliver
P == got
Q == net = 0
SpecNone == Init /\ [][Next]_vars
SpecWeak == SpecNone /\ WF_vars(Send) /\ WF_vars(Deliver)
SpecStrong == SpecNone /\ WF_vars(Send) /\ SF_vars(Deliver)

Eventually == <>P
AlwaysEventually == []<>P
EventuallyAlways == <>[]P
LeadsTo == P ~> Q
====
