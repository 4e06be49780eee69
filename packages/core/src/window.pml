/*
 * The windows of window.ts, as node/session.ts and node/links.ts run them: a model for SPIN. scripts/check-models.mjs
 * verifies it over every interleaving of the nodes, and shows that each mutant below fails.
 *
 * What is modelled. NODES clusters with a lookahead of L ticks, each in the loop of ClusterSession.#runOrder:
 *
 *   stand    writes the earliest event it knows of, what keeps the run alive, messages sent and received, and flags
 *            into one of two places for numbers, by turns (WorkerNode.exchange)
 *   meet     waits for all, then reads what all gave, node by node
 *   decide   as WindowProtocol.decide
 *   drain    takes in the frames of the windows before; those of the next are early and stay for the next barrier
 *   handle   handles the events before the bound, in order of time
 *   flush    tells of the alarms that were called back, and goes on to the next number of frames
 *
 * An event is a message due at a time. Handling one may send others: to oneself, one or two ticks later, or to another
 * node, L or L + 1 ticks later; MESSAGES of them in all. Each node has an unref'd alarm beside, which comes again and
 * again and keeps nothing alive. With ALARMS the messages to others are alarms, and the last one that a node has set may
 * be called back. With ABORT the owner ends the run at some moment, and the nodes hear of it one by one. With FAULTY the
 * transport loses or doubles one message.
 *
 * What is left out. Bodies, ids, the order within an instant. A frame holds one message and links have room; what a
 * full link means is in the model beside worker-node.ts. Without lookahead a window is one round of one instant: that
 * is this model with L = 1 and a tick for each round. Pacing, pauses, the limit on events, agents that end the run and
 * an owner who may still send messages are flags and numbers that are decided upon as the abort is. END is `until`: what
 * is due then or later stays.
 *
 * What must hold.
 *   AGREED   all nodes decide the same at the same barrier
 *   LATE     no message is taken in when its receiver has handled an event of that time or a later one
 *   EARLY    nobody ends as idle while a message that keeps the run alive is pending or on its way
 *   IDLE     nobody goes on, or ends by the time, when there is none
 *   EXACT    a window begins at the earliest event that there is anywhere: who was faster does not show
 *   LOST     messages are said to be lost only if some were, and then no run ends as idle
 *   RECALL   an alarm that was called back is still pending when its receiver hears of it
 *   ENDS     every run ends
 *
 * Runs.
 *   windows     safety    END=5
 *   rounds      safety    L=1 END=3
 *   three       safety    NODES=3 MESSAGES=1 L=1 END=3
 *   alarms      safety    MESSAGES=2 ALARMS
 *   abort       safety    MESSAGES=2 L=1 END=3 ABORT
 *   faulty      safety    MESSAGES=2 FAULTY
 *   ends        liveness  MESSAGES=2 ALARMS END=5
 *
 * Mutants.
 *   STALE_MINIMUM   in windows breaks LATE    what a node has just sent is missing from its earliest event
 *   NO_FLIGHT       in windows breaks EARLY   what it has just sent is missing from what keeps the run alive
 *   OWN_LIVE        in windows breaks EARLY   a node ends when nothing in its own cluster keeps the run alive
 *   KEPT_FLIGHT     in windows breaks IDLE    what was sent keeps the run alive after the others have it
 *   NO_TAG          in windows breaks LOST    frames carry no number of a window: early ones are taken in
 *   DRAIN_FIRST     in windows breaks LOST    frames are read before the barrier instead of after it
 *   CLOSED_BOUND    in windows breaks LATE    the bound belongs to the window
 *   SHORT_DELAY     in windows breaks LATE    messages to others may be due one tick before the lookahead is over
 *   ONE_PLACE       in windows breaks AGREED  one place for the numbers of an exchange instead of two
 *   OWN_FLAG        in abort   breaks AGREED  a node ends when it has itself heard of the abort
 *   NO_COUNTS       in faulty  breaks EARLY   messages sent and received are not compared
 *   NO_AGAIN        in alarms  breaks EXACT   alarms that were called back are not settled before anyone decides
 *   LATE_RECALL     in alarms  breaks RECALL  an alarm may be called back until it is due
 *   KEPT_MINIMUM    in ends    breaks ENDS    what was sent stays the earliest event after the others have it
 */

#ifndef NODES
#define NODES 2
#endif
#ifndef L
#define L 2
#endif
#ifndef END
#define END 6
#endif
#ifndef MESSAGES
#define MESSAGES 3
#endif

#define AGREED 1
#define LATE 2
#define EARLY 3
#define IDLE 4
#define EXACT 5
#define LOST 6
#define RECALL 7
#define ENDS 8

/* A mutant is held against the one property that it is said to break. */
#ifdef ONLY
#define CHECK(property, ok) assert(ONLY != property || (ok))
#else
#define CHECK(property, ok) assert(ok)
#endif

#ifdef ONE_PLACE
#define PLACE(exchange) 0
#else
#define PLACE(exchange) ((exchange) % 2)
#endif

#ifdef CLOSED_BOUND
#define BEYOND(time, bound) ((time) > (bound) || (time) == END)
#else
#define BEYOND(time, bound) ((time) >= (bound))
#endif

#ifdef SHORT_DELAY
#define DELAY (L - 1)
#else
#define DELAY L
#endif

#ifdef LATE_RECALL
#define RECALLABLE(due) (time < (due))
#else
#define RECALLABLE(due) (time + L <= (due))
#endif

/* The head of a link is a frame of a window that is over. */
#ifdef NO_TAG
#define READABLE(from) nempty(LINK(from, me))
#else
#define READABLE(from) (LINK(from, me)?[eval((tag + 3) % 4), _, _])
#endif

#define LINK(from, to) link[(from) * NODES + (to)]
#define WITHIN(due) ((due) < END -> (due) : END)

mtype = { undecided, window, again, idle, until, aborted, lost };

typedef Standing {
  byte time;
  byte live;
  byte sent;
  byte received;
  bool abort;
  bool recalls
}
typedef Times {
  byte at[END + 1]
}

Standing given[NODES * 2];
byte entered[NODES];        /* the exchange that the node has come to, modulo 4 */
chan link[NODES * NODES] = [MESSAGES + 2] of { byte, byte, bool };  /* tag modulo 4, due, whether it calls back */
Times pending[NODES];
byte timer[NODES];          /* when the unref'd alarm is due; END for not before the end */
bool abort[NODES];
byte over;

/* What no node knows: it is there for the properties. */
byte left = MESSAGES;
byte alive;                 /* messages that keep the run alive, wherever they are */
Times flying;               /* those that are in a link, by the time they are due */
bool fault;
mtype verdict[2];           /* of whoever was the first to decide, by turns, and the bound of its window */
byte bounds[2];
byte deciders[2];

/* Scratch of d_steps. */
hidden byte i;
hidden byte k;

/* The earliest event pending at `node`: END when there is none before. */
inline earliest(node, result) {
  result = 0;
  do
  :: result < timer[node] && pending[node].at[result] == 0 -> result++
  :: else -> break
  od
}

/* The earliest event that there is, while all are at the barrier. */
inline earliestOfAll(result) {
  result = END;
  i = 0;
  do
  :: i < NODES ->
    earliest(i, k);
    if
    :: k < result -> result = k
    :: else
    fi;
    i++
  :: else -> break
  od;
  k = 0;
  do
  :: k < result && flying.at[k] == 0 -> k++
  :: else -> break
  od;
  if
  :: k < result -> result = k
  :: else
  fi
}

inline stand() {
  d_step {
    earliest(me, time);
#ifndef STALE_MINIMUM
    if
    :: sentDue < time -> time = sentDue
    :: else
    fi;
#endif
    live = 0;
    i = 0;
    do
    :: i <= END -> live = live + pending[me].at[i]; i++
    :: else -> break
    od;
#ifndef NO_FLIGHT
    live = live + sentLive;
#endif
    i = me * 2 + PLACE(exchange);
    given[i].time = time;
    given[i].live = live;
    given[i].sent = sent;
    given[i].received = received;
    given[i].abort = abort[me];
    given[i].recalls = recalls;
#ifndef KEPT_MINIMUM
    sentDue = END;
#endif
#ifndef KEPT_FLIGHT
    sentLive = 0;
#endif
    entered[me] = exchange;
    time = 0;
    live = 0
  }
}

/* Since nobody is more than one exchange ahead, who was here once is here or there. */
inline meet() {
  do
  :: peer < NODES -> (entered[peer] == exchange || entered[peer] == (exchange + 1) % 4); peer++
  :: else -> break
  od;
  peer = 0
}

/* The least time that was given, and the sums of the rest. */
inline read() {
  time = END;
  peer = 0;
  do
  :: peer < NODES ->
    i = peer * 2 + PLACE(exchange);
    if
    :: given[i].time < time -> time = given[i].time
    :: else
    fi;
    live = live + given[i].live;
    sumSent = sumSent + given[i].sent;
    sumReceived = sumReceived + given[i].received;
    anyAbort = anyAbort || given[i].abort;
    anyRecalls = anyRecalls || given[i].recalls;
    peer++
  :: else -> break
  od;
  peer = 0
}

inline decide() {
  d_step {
    read();
#ifdef OWN_FLAG
    anyAbort = given[me * 2 + PLACE(exchange)].abort;
#endif
#ifdef OWN_LIVE
    live = given[me * 2 + PLACE(exchange)].live;
#endif
#ifdef NO_COUNTS
    sentBefore = sumReceived;
#endif
#ifdef NO_AGAIN
    anyRecalls = false;
#endif
    bound = END;
    if
    :: sumReceived != sentBefore -> decision = lost
    :: else ->
      if
      :: anyRecalls -> decision = again
      :: else ->
        if
        :: anyAbort -> decision = aborted
        :: else ->
          if
          :: live == 0 -> decision = idle
          :: else ->
            if
            :: time == END -> decision = until
            :: else -> decision = window; bound = WITHIN(time + L)
            fi
          fi
        fi
      fi
    fi;
    sentBefore = sumSent;

    i = exchange % 2;
    if
    :: deciders[i] == 0 ->
      /* All the others are still at the barrier. */
      verdict[i] = decision;
      bounds[i] = bound;
      CHECK(LOST, decision != lost || fault);
      CHECK(LOST, decision != idle || !fault);
      CHECK(EARLY, decision != idle || alive == 0);
      if
      :: (decision == window || decision == until) && !fault ->
        CHECK(IDLE, alive > 0);
        CHECK(EXACT, live == alive);
        earliestOfAll(truth);
        CHECK(EXACT, time == truth);
        truth = 0
      :: else
      fi
    :: else -> CHECK(AGREED, verdict[exchange % 2] == decision && bounds[exchange % 2] == bound)
    fi;
    i = exchange % 2;
    deciders[i] = (deciders[i] + 1) % NODES;
    if
    :: deciders[i] == 0 -> verdict[i] = undecided; bounds[i] = 0
    :: else
    fi;

    exchange = (exchange + 1) % 4;
    time = 0;
    live = 0;
    sumSent = 0;
    sumReceived = 0;
    anyAbort = false;
    anyRecalls = false
  }
}

inline drain() {
  atomic {
    do
    :: peer < NODES ->
      do
      :: READABLE(peer) ->
        LINK(peer, me)?_, due, recall;
        d_step {
          if
          :: recall ->
            CHECK(RECALL, handled <= due);
            if
            :: pending[me].at[due] > 0 -> pending[me].at[due]--
            :: else
            fi
          :: else ->
            CHECK(LATE, handled <= due);
            received++;
            flying.at[due]--;
            pending[me].at[due]++
          fi;
          recall = false;
          due = 0
        }
      :: else -> break
      od;
      peer++
    :: else -> break
    od;
    peer = 0
  }
}

inline send() {
  left--;
  if
  :: due = WITHIN(time + 1); peer = me
  :: due = WITHIN(time + 2); peer = me
  :: due = WITHIN(time + DELAY); peer = (me + 1) % NODES
  :: due = WITHIN(time + DELAY + 1); peer = (me + 1) % NODES
#if NODES > 2
  :: due = WITHIN(time + DELAY); peer = (me + 2) % NODES
  :: due = WITHIN(time + DELAY + 1); peer = (me + 2) % NODES
#endif
  fi;
  if
  :: peer == me -> pending[me].at[due]++; alive++
  :: else ->
    sent++;
    sentLive++;
    sentDue = (due < sentDue -> due : sentDue);
    alive++;
    if
    :: flying.at[due]++; LINK(me, peer)!tag, due, false
#ifdef FAULTY
    :: !fault -> fault = true
    :: !fault -> fault = true; alive++; flying.at[due] = flying.at[due] + 2;
      LINK(me, peer)!tag, due, false; LINK(me, peer)!tag, due, false
#endif
    fi;
#ifdef ALARMS
    if
    :: !recalls && due < END -> mine = due; mineTo = peer
    :: else
    fi
#endif
  fi;
  peer = 0;
  due = 0
}

inline handle() {
  do
  :: atomic {
      earliest(me, time);
      if
      :: BEYOND(time, bound) -> break
      :: else
      fi;
      handled = time + 1;
      if
      :: pending[me].at[time] > 0 -> pending[me].at[time]--; alive--
      :: timer[me] == time -> timer[me] = WITHIN(time + 2)
      fi;
      do
      :: left > 0 -> send()
#ifdef ALARMS
      :: mine != 0 && !recalls && RECALLABLE(mine) -> recalls = true; alive--
#endif
      :: break
      od;
      time = 0
    }
  od;
  time = 0
}

inline flush() {
  atomic {
    if
    :: recalls -> LINK(me, mineTo)!tag, mine, true; mine = 0; mineTo = 0
    :: else
    fi;
    tag = (tag + 1) % 4
  }
}

proctype node(byte me) {
  byte exchange, tag, sent, received, sentBefore, sentLive, sumSent, sumReceived;
  byte time, live, bound, peer, due, truth, mine, mineTo;
  byte sentDue = END;
  byte handled;                       /* one more than the time of the last event */
  bool recalls, anyAbort, anyRecalls, recall;
  mtype decision;

  exchange = 1;
  do
  ::
#ifdef DRAIN_FIRST
    drain();
#endif
    stand();
    meet();
    decide();
#ifndef DRAIN_FIRST
    drain();
#endif
    if
    :: decision == window -> recalls = false; handle(); flush()
    :: decision == again -> recalls = false
    :: else -> break
    fi
  od;
  over++
}

#ifdef ABORT
proctype owner() {
  byte to;
  do
  :: to < NODES -> abort[to] = true; to++
  :: else -> break
  od
}
#endif

init {
  byte node_;
  atomic {
    pending[0].at[0] = 1;
    alive = 1;
    do
    :: node_ < NODES ->
      if
      :: timer[node_] = 1
      :: timer[node_] = END
      fi;
      run node(node_);
      node_++
    :: else -> break
    od;
#ifdef ABORT
    run owner()
#endif
  }
}

ltl ends { <> (over == NODES) }
