/*
 * How the nodes on threads wait for each other (worker-node.ts): for room in a ring that is full, for frames, and at a
 * barrier. A model for SPIN; scripts/check-models.mjs verifies it over every interleaving, and shows that each mutant
 * below fails.
 *
 * What is modelled. NODES threads, each with a doorbell and its words (exchange, gone, hungry, starved, control), and a
 * ring of ROOM frames from each to each. Every step reads or writes one word. Programs:
 *
 *   (none)     as ClusterSession: up to FRAMES frames to each peer, an exchange, all that was sent before it is read;
 *              again and again, until all decide that it was the last
 *   SERVING    up to FRAMES frames to each peer, then whatever comes is read, and waited for by WorkerNode.wait; the
 *              host sends each a control message at some moment
 *   FUNNEL     with SERVING: only to node 0, which serves
 *   DYING      node 0 dies at some moment, and the host marks it as gone; who notices ends and is marked likewise
 *
 * What is abstracted. The ring and the doorbell are those of the model beside ring-buffer.ts, verified there: here a
 * ring is a queue, and a doorbell is a bit that says whether it rang since its number was read. Waits have no timeout:
 * in the code a wake-up that was lost would heal after one. A frame that is too long for the ring leaves a record in it
 * and is bounded likewise; to be full means either.
 *
 * What must hold.
 *   ORDER     frames come whole, once, in order, and those of before a barrier are there after it, and no others
 *   SERVED    whenever nothing moves any more, all frames and control messages have been taken in
 *   WOKEN     nobody waits for ever: for room, for peers at a barrier, or for one that is gone
 *   MOVES     nobody goes round for ever without a frame or a barrier behind him
 *
 * Runs.
 *   barriers    safety
 *   serving     safety    SERVING
 *   funnel      safety    NODES=3 SERVING FUNNEL
 *   dying       safety    FRAMES=1 DYING
 *   moves       progress  FRAMES=1
 *
 * Mutants.
 *   HUNGRY_LAST     in serving  breaks SERVED  who waits for frames looks for them first and sets the flag then
 *   SEEN_LAST       in serving  breaks SERVED  who waits for frames looks for them first and at the bell's number then
 *   FEED_FIRST      in serving  breaks SERVED  the sender looks for the flag before it publishes
 *   DEAF_WAIT       in serving  breaks SERVED  who waits for frames does not look for control messages
 *   RELIEF_FIRST    in funnel   breaks WOKEN   a reader looks for the starving before it reads
 *   NO_RETRY        in funnel   breaks WOKEN   who found no room says so and waits, without trying again
 *   SILENT_RELIEF   in barriers breaks WOKEN   who has made room rings nobody
 *   DEAF_BARRIER    in barriers breaks WOKEN   who waits at a barrier does not look for the starving
 *   BELL_FIRST      in barriers breaks WOKEN   a node rings before it says that it has come to the barrier
 *   GONE_LAST       in dying    breaks WOKEN   the host rings before it marks a node as gone
 *   RINGS_FIRST     in barriers breaks ORDER   rings are read before the frames that were taken in earlier
 *   NO_TAKE_IN      in moves    breaks MOVES   who waits for room does not take in what others send
 */

#ifndef NODES
#define NODES 2
#endif
#ifndef ROOM
#define ROOM 1
#endif
#ifndef FRAMES
#define FRAMES 2
#endif

#define ORDER 1
#define SERVED 2
#define WOKEN 3
#define MOVES 4

/* A mutant is held against the one property that it is said to break. */
#ifdef ONLY
#define CHECK(property, ok) assert(ONLY != property || (ok))
#else
#define CHECK(property, ok) assert(ok)
#endif

#define PAIR(from, to) ((from) * NODES + (to))
#define PLACE(from, to) ((exchange % 2) * NODES * NODES + PAIR(from, to))
#define NEXT ((me + 1) % NODES)
#if NODES > 2
#define EACH_PEER(step) step(NEXT); step((me + 2) % NODES)
#else
#define EACH_PEER(step) step(NEXT)
#endif

chan link[NODES * NODES] = [ROOM] of { byte };
chan taken[NODES] = [2 * FRAMES * NODES] of { byte, byte };         /* sender, frame */
bool rung[NODES];                     /* since the node has read the number of its doorbell */
bool hungry[NODES];
bool starved[NODES];
bool gone[NODES];
bool control[NODES];                  /* the host has posted something that was not taken */
byte entered[NODES];                  /* the exchange that the node has come to, modulo 4 */
bool last[2];                         /* whether this exchange is the last, by turns */
bool dying;

/* For the properties: frames sent and taken in between two barriers, and how many are to come, by turns. */
byte sent[NODES * NODES];
byte got[NODES * NODES];
byte early[NODES * NODES];
byte promised[2 * NODES * NODES];

inline ring(peer) {
  rung[peer] = true
}

inline relieve() {
  starved[me] = false;
#ifndef SILENT_RELIEF
  EACH_PEER(ring)
#endif
}

inline takeInFrom(peer) {
  do
  :: atomic { link[PAIR(peer, me)]?frame -> taken[me]!peer, frame; frame = 0 }
  :: empty(link[PAIR(peer, me)]) -> break
  od
}

inline takeIn() {
#ifdef NO_TAKE_IN
  skip
#else
  EACH_PEER(takeInFrom);
  relieve()
#endif
}

inline publish(peer) {
  link[PAIR(me, peer)]!((exchange % 2) * FRAMES + sent[PAIR(me, peer)]);
  sent[PAIR(me, peer)]++
}

/* One frame for a peer. */
inline push(peer) {
#ifdef FEED_FIRST
  feeds = hungry[peer];
#endif
  do
  :: atomic { nfull(link[PAIR(me, peer)]) -> publish(peer) };
    break
  :: full(link[PAIR(me, peer)]) ->
    rung[me] = false;
    starved[peer] = true;
    ring(peer);
    takeIn();
#ifndef NO_RETRY
    if
    :: atomic { nfull(link[PAIR(me, peer)]) -> publish(peer) };
      break
    :: full(link[PAIR(me, peer)])
    fi;
#endif
    if
    :: gone[peer] -> goto lost
    :: else -> rung[me]
    fi
  od;
#ifndef FEED_FIRST
  feeds = hungry[peer];
#endif
  if
  :: feeds -> ring(peer)
  :: else
  fi;
  feeds = false
}

inline pushSome(peer) {
  do
  :: sent[PAIR(me, peer)] < FRAMES -> push(peer)
  :: break
  od
}

inline accept(peer) {
  d_step {
    if
    :: frame / FRAMES == exchange % 2 ->
      CHECK(ORDER, frame % FRAMES == got[PAIR(peer, me)] && early[PAIR(peer, me)] == 0);
      got[PAIR(peer, me)]++
    :: else ->
      /* Of a peer that has left the barrier already. */
      CHECK(ORDER, frame % FRAMES == early[PAIR(peer, me)]);
      early[PAIR(peer, me)]++
    fi;
    frame = 0
  }
}

inline readTaken() {
  do
  :: atomic { taken[me]?from, frame -> accept(from); from = 0 }
  :: empty(taken[me]) -> break
  od
}

inline readRing(peer) {
  do
  :: atomic { link[PAIR(peer, me)]?frame -> accept(peer) }
  :: empty(link[PAIR(peer, me)]) -> break
  od
}

inline relieveStarving() {
  if
  :: starved[me] -> relieve()
  :: else
  fi
}

inline receive() {
#ifdef RELIEF_FIRST
  relieveStarving();
#endif
#ifdef RINGS_FIRST
  EACH_PEER(readRing);
  readTaken();
#else
  readTaken();
  EACH_PEER(readRing);
#endif
#ifndef RELIEF_FIRST
  relieveStarving()
#endif
}

inline looks(peer) {
  work = work || nempty(link[PAIR(peer, me)])
}

inline hasWork() {
  work = nempty(taken[me]);
#ifndef DEAF_WAIT
  work = work || control[me];
#endif
  EACH_PEER(looks)
}

inline wait() {
  do
  ::
#ifndef SEEN_LAST
    rung[me] = false;
#endif
#ifndef HUNGRY_LAST
    hungry[me] = true;
#endif
    hasWork();
#ifdef HUNGRY_LAST
    hungry[me] = true;
#endif
#ifdef SEEN_LAST
    rung[me] = false;
#endif
    if
    :: work -> break
    :: else ->
end_idle:
      rung[me]
    fi
  od;
  work = false;
  hungry[me] = false
}

/* Until the peer has come to the barrier. */
inline meet(peer) {
  do
  :: rung[me] = false;
    if
    :: entered[peer] == exchange || entered[peer] == (exchange + 1) % 4 -> break
    :: else ->
      if
      :: gone[peer] -> goto lost
      :: else
      fi;
      if
#ifndef DEAF_BARRIER
      :: starved[me] -> takeIn()
#endif
      :: else -> rung[me]
      fi
    fi
  od
}

inline promise(peer) {
  promised[PLACE(me, peer)] = sent[PAIR(me, peer)];
  sent[PAIR(me, peer)] = 0
}

inline exchangeAll() {
#ifdef BELL_FIRST
  EACH_PEER(ring);
#endif
  d_step {
    EACH_PEER(promise);
    entered[me] = exchange
  };
#ifndef BELL_FIRST
  EACH_PEER(ring);
#endif
  EACH_PEER(meet)
}

inline checkPromise(peer) {
  CHECK(ORDER, got[PAIR(peer, me)] == promised[PLACE(peer, me)]);
  promised[PLACE(peer, me)] = 0;
  got[PAIR(peer, me)] = early[PAIR(peer, me)];
  early[PAIR(peer, me)] = 0
}

proctype node(byte me) {
  byte exchange = 1;
  byte from, frame;
  bool feeds, work;

  {
#ifdef SERVING
#ifdef FUNNEL
    if
    :: me != 0 -> pushSome(0);
end_pushed:
      false
    :: else
    fi;
#else
    EACH_PEER(pushSome);
#endif
    do
    :: receive();
      control[me] = false;
      wait();
progress_served:
      skip
    od
#else
    do
    :: EACH_PEER(pushSome);
      if
      :: me == 0 -> last[exchange % 2] = true
      :: skip
      fi;
      exchangeAll();
      receive();
progress_met:
      d_step {
        EACH_PEER(checkPromise);
        exchange = (exchange + 1) % 4
      };
      if
      :: last[(exchange + 1) % 2] ->
end_last:
        false
      :: else
      fi
    od
#endif
  } unless {
    dying && me == 0
  };

lost:
#ifdef GONE_LAST
  EACH_PEER(ring);
  gone[me] = true
#else
  gone[me] = true;
  EACH_PEER(ring)
#endif
}

#ifdef SERVING
proctype host() {
  byte to;
  do
  :: to < NODES -> control[to] = true; ring(to); to++
  :: else -> break
  od
}

/* When nothing else can move. */
proctype watch() {
  byte who;
  timeout ->
  d_step {
    do
    :: who < NODES * NODES -> CHECK(SERVED, empty(link[who])); who++
    :: else -> break
    od;
    who = 0;
    do
    :: who < NODES -> CHECK(SERVED, empty(taken[who]) && !control[who]); who++
    :: else -> break
    od
  }
}
#endif

#ifdef DYING
proctype killer() {
  dying = true
}
#endif

init {
  byte each;
  atomic {
    do
    :: each < NODES -> run node(each); each++
    :: else -> break
    od;
#ifdef SERVING
#ifndef FUNNEL
    run host();
#endif
    run watch()
#endif
#ifdef DYING
    run killer()
#endif
  }
}
