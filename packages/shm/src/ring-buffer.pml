/*
 * The ring of ring-buffer.ts and the doorbell of doorbell.ts that wakes its consumer: a model for SPIN.
 * scripts/check-models.mjs verifies it over every interleaving of the two, and shows that each mutant below fails.
 *
 * What is modelled. One producer and one consumer, each step of which reads or writes one word of shared memory. The
 * producer claims room for a record of MAX_PAYLOAD units of 8 bytes or one fewer, with padding before the end of the
 * ring, by the head that it last saw; writes the payload, unit by unit, then length and tag; publishes by moving the
 * tail; rings. The consumer reads the number of the bell, then all records up to the tail that it finds, moves the head
 * after each record or only after all of them, and waits by the bell where it found none. The producer may rest for ever
 * at any moment: what it has published must be read without a further ring.
 *
 * What is abstracted. Positions count units modulo twice the capacity, not bytes modulo 2^32; both are multiples of the
 * capacity and beyond what can be unread. Records and rings of the bell count modulo NUMBERS. Waits have no timeout: in
 * the code a wake-up that was lost would heal after one. Looking a number of times before sleeping is left out: it is
 * the same comparison as the one on falling asleep. A producer that finds no room looks again when the head has moved;
 * how threads wait for that is in the model beside worker-node.ts. The record's words are plain memory; head, tail and
 * bell are Atomics, which order the plain accesses of one side before and those of the other side after them: single
 * steps in the order of the program say all.
 *
 * What must hold.
 *   WRITTEN   nothing is read that is not written
 *   KEPT      nothing is written over that is not read
 *   ORDER     records come whole, once, in order
 *   WOKEN     whenever nothing moves any more, all that was published has been read
 *   MOVES     nobody goes round for ever without a record being read
 *
 * Runs.
 *   short       safety    CAPACITY=4
 *   long        progress  CAPACITY=8
 *
 * Mutants.
 *   PUBLISH_FIRST   in long  breaks WRITTEN  the tail is moved before the record is written
 *   LENGTH_FIRST    in long  breaks WRITTEN  length and tag are written and the tail is moved before the payload is
 *   RELEASE_FIRST   in long  breaks KEPT     the head is moved before the record is read
 *   NO_PADDING      in long  breaks KEPT     the padding at the end is not counted when room is looked for
 *   NO_ROOM         in short breaks ORDER    the producer does not look for room
 *   RING_FIRST      in long  breaks WOKEN    the bell is rung before the tail is moved
 *   SEEN_LAST       in long  breaks WOKEN    the consumer looks for records first and at the bell's number then
 *   FLAG_LAST       in long  breaks WOKEN    the sleeper sets its flag after it has compared the number
 *   NO_RECHECK      in long  breaks WOKEN    the sleeper sets its flag and sleeps without comparing the number
 *   NO_NOTIFY       in long  breaks WOKEN    ringing only counts
 *   NO_SLEEP        in long  breaks MOVES    the consumer looks again at once where it found nothing
 */

#ifndef CAPACITY
#define CAPACITY 4
#endif
#define POSITIONS (2 * CAPACITY)
#define MAX_PAYLOAD (CAPACITY / 2 - 1)
/* More than there can be unread, and more than can come between two looks at the bell. */
#define NUMBERS (CAPACITY / MAX_PAYLOAD + 2)

#define WRITTEN 1
#define KEPT 2
#define ORDER 3
#define WOKEN 4
#define MOVES 5

/* A mutant is held against the one property that it is said to break. */
#ifdef ONLY
#define CHECK(property, ok) assert(ONLY != property || (ok))
#else
#define CHECK(property, ok) assert(ok)
#endif

/* What is in a unit: nothing that anyone may read; a header; part of a payload; padding up to the end. */
#define nothing 0
mtype = { header, payload, padding };
typedef Unit {
  byte kind;
  byte length;
  byte number
}

Unit ring[CAPACITY];
byte head, tail;
byte sequence;
bool sleeper;                         /* the flag in the doorbell */
bool asleep;                          /* whether the consumer is in Atomics.wait, which compares and sleeps in one step */
byte unread;                          /* records published and not read; for the properties */

inline put(at, what, howLong) {
  d_step {
    CHECK(KEPT, ring[at].kind == nothing);
    ring[at].kind = what;
    ring[at].length = howLong;
    ring[at].number = number
  }
}

inline ringBell() {
  sequence = (sequence + 1) % NUMBERS;
#ifndef NO_NOTIFY
  if
  :: sleeper -> asleep = false
  :: else
  fi
#endif
}

inline publish() {
  d_step {
    tail = next;
    unread++
  }
}

active proctype producer() {
  byte seenHead, next, length, at, pad, unit, number;

end:
  do
  :: atomic {
      /* Without this choice a rest for ever would have to wait for a full ring. */
      if
      :: length = MAX_PAYLOAD
      :: length = MAX_PAYLOAD - 1
      :: break
      fi;
      at = next % CAPACITY;
      pad = (length + 1 > CAPACITY - at -> CAPACITY - at : 0)
    };
#ifdef NO_PADDING
#define NEED (length + 1)
#else
#define NEED (length + 1 + pad)
#endif
#define USED ((next + POSITIONS - seenHead) % POSITIONS)
    do
#ifdef NO_ROOM
    :: break
#endif
    :: USED + NEED <= CAPACITY -> break
    :: else -> head != seenHead -> seenHead = head
    od;
    if
    :: pad > 0 ->
      put(at, padding, pad);
      next = (next + pad) % POSITIONS;
      at = 0
    :: else
    fi;
#ifdef RING_FIRST
    ringBell();
#endif
#ifdef PUBLISH_FIRST
    next = (next + length + 1) % POSITIONS;
    publish();
#endif
#ifdef LENGTH_FIRST
    put(at, header, length);
    next = (next + length + 1) % POSITIONS;
    publish();
#endif
    unit = 1;
    do
    :: unit <= length -> put(at + unit, payload, 0); unit++
    :: else -> break
    od;
#ifndef LENGTH_FIRST
    put(at, header, length);
#endif
#if !defined(PUBLISH_FIRST) && !defined(LENGTH_FIRST)
    next = (next + length + 1) % POSITIONS;
    publish();
#endif
#ifndef RING_FIRST
    ringBell();
#endif
    atomic {
      number = (number + 1) % NUMBERS;
      unit = 0;
      length = 0;
      at = 0;
      pad = 0
    }
  od
}

inline take(at, what) {
  d_step {
    CHECK(WRITTEN, ring[at].kind == what);
    CHECK(ORDER, what == padding || ring[at].number == number);
    ring[at].kind = nothing;
    ring[at].number = 0;
    ring[at].length = 0
  }
}

inline release() {
  head = next
}

active proctype consumer() {
  byte seen, end, next, length, unit, number, at;

  do
  ::
#ifndef SEEN_LAST
    seen = sequence;
#endif
    end = tail;
    if
    :: end == next ->
#ifdef SEEN_LAST
      seen = sequence;
#endif
      /* Doorbell.waitSync. */
#if defined(NO_SLEEP)
      skip;
#elif defined(FLAG_LAST)
      if
      :: sequence == seen -> sleeper = true; asleep = true;
end_asleep:
        !asleep
      :: else
      fi;
#elif defined(NO_RECHECK)
      sleeper = true;
      asleep = true;
end_asleep:
      !asleep;
#else
      sleeper = true;
      do
      :: atomic { sequence == seen -> asleep = true };
end_asleep:
        !asleep
      :: sequence != seen -> break
      od;
#endif
      sleeper = false
    :: else ->
      do
      :: end == next -> break
      :: else ->
        at = next % CAPACITY;
        if
        :: ring[at].kind == padding ->
          d_step {
            length = ring[at].length;
            next = (next + length) % POSITIONS
          };
          take(at, padding)
        :: else ->
          d_step {
            length = ring[at].length;
            next = (next + length + 1) % POSITIONS
          };
#ifdef RELEASE_FIRST
          release();
#endif
          unit = 1;
          do
          :: unit <= length -> take(at + unit, payload); unit++
          :: else -> break
          od;
progress:
          take(at, header);
          d_step {
            number = (number + 1) % NUMBERS;
            unread--
          };
          /* A producer that waits for room should not have to wait for the whole batch. */
          if
          :: release()
          :: skip
          fi
        fi;
        length = 0;
        unit = 0;
        at = 0
      od;
      release()
    fi
  od
}

/* When nothing else can move. */
active proctype watch() {
  timeout -> CHECK(WOKEN, unread == 0)
}
