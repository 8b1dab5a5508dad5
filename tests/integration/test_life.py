"""Every row of the life cycle's table, in every state it is for, taken over HTTP; and at each place on
the way, every action of everybody that no row is for: refused, and nothing changed by asking.

The rows are printed by the program itself (life.py): a new one is walked without a new line here,
unless it brings a guard or a standing of its own. LIAISON_WALK_SEED=N takes another way."""
import os
import random
import signal
import time

import pytest

import life
from harness import FIGURES, PARTITIONS, name, nonsense, partition_key, wait_until, wetland
from timed import TimedSite

SEED = int(os.environ.get("LIAISON_WALK_SEED", 5))
COUNTRIES = "KEN UGA TCD TZA GHA SEN MLI NER BEN TGO CMR GAB ZMB MWI BWA RWA BDI LSO NAM MOZ".split()
BALLS = set("triage awaiting_country offered claimed planned delivering answered unmatched".split())
STEPS_MAX = 30  # of one country's requests
LIVES_MAX = 120

# What the table allows and nothing leads to: in these states all offers have ended, so that no
# secretariat has a standing.
# Half of a link to a request that was merged meanwhile: nothing that can be had by asking.
NO_WAY = {("escalate", "triage", "secretariat"), ("escalate", "unmatched", "secretariat"), ("link", "merged", "system")}

# Everything that is kept in these partitions, as one number: asking for what is refused leaves it.
DIGEST = """local all = {}
for _, prefix in ipairs(ARGV) do
  for _, key in ipairs(redis.call('KEYS', prefix .. '*')) do
    all[#all + 1] = key .. redis.sha1hex(redis.call('DUMP', key))
  end
end
table.sort(all)
return redis.sha1hex(table.concat(all))"""


def hand_written(country):
    """A need that no secretariat's words fit, so the desk routes it by hand."""
    return {"title": f"School books for {name()} {name()} in {country}",
            "description": f"The children of {name()} and {name()} have no books on arithmetic, and the roof of "
                           f"the school at {name()} leaks. We ask for paper, pens and four carpenters."}


@pytest.fixture(scope="module")
def timed():
    with TimedSite(workers=1, env={"LIAISON_WORKER_TAKEOVER_MS": "1000"}) as site:
        yield site


class Walk:
    def __init__(self, site):
        self.site, self.rng = site, random.Random(SEED)
        self.rows = life.table()
        self.forms = life.forms()
        self.index = {}
        for r in self.rows:
            self.index.setdefault((r.action, r.start, r.role), []).append(r)
        clocks = {r for r in self.rows if r.role == "system" and ("clock" in r.guard or "lease" in r.guard)}
        self.need = {r for r in self.rows if r not in clocks and (r.action, r.start, r.role) not in NO_WAY}
        self.need_clock = {(r.action, r.guard, r.to if r.start != r.to else "same") for r in clocks}
        self.pairs = {r.action for r in self.rows if r.guard in life.YIELDS}
        self.undoes = {r.action for r in self.rows if r.guard in life.RECEIVES} - self.pairs
        self.asked = set()  # what has been refused already
        self.refused_n = self.moved_n = self.lives_n = 0
        self.unknown = {w for r in self.rows for w in (r.guard,)
                        if w not in life.GUARDS and w not in life.YIELDS | life.RECEIVES | life.ONLY_OTHER}
        self.callers_of = life.Callers(site)
        self.looked_at = {}  # version of each request when all had been asked
        self.variants = {a: self.variants_of(a) for a in self.forms}

    # what the table says

    def row_of(self, story, action, who, said=None, guards=None):
        """The row that lets this caller do it; said None: with any words, as allowed_actions means it."""
        role, _, code = who.partition(":")
        if role == "country" and code != story.doc["country"]:
            return None
        for row in self.index.get((action, story.state, role), ()):
            if not life.has_standing(row.standing, story, code):
                continue
            if guards is not None:
                holds = row.guard in guards
            elif row.guard in life.ONLY_OTHER:
                holds = False
            elif row.guard in life.YIELDS | life.RECEIVES or (said is None and row.guard in life.SAID):
                holds = True
            else:
                holds = life.GUARDS[row.guard](story, code, said or {})
            if holds:
                return row
        return None

    def judge(self, story, action, who, said, other):
        """{id: row} of all that it moves, those who follow aside; None: refused."""
        own = self.row_of(story, action, who, said)
        if not own:
            return None
        if action in self.pairs:
            first, later = sorted((story, other), key=life.Story.order)
            rows = {later.id: self.row_of(later, action, who, said, life.YIELDS),
                    first.id: self.row_of(first, action, who, said, life.RECEIVES)}
        elif action in self.undoes:
            rows = {story.id: own, other.id: self.row_of(other, action, who, said, life.RECEIVES)}
        elif "other" in self.names(action):
            there = other.state != "merged" and self.row_of(other, action, "system", said)
            rows = {story.id: own, other.id: there or None}
        else:
            rows = {story.id: own}
        return rows if all(rows.values()) else None

    def names(self, action):
        return {f["name"] for f in self.forms[action]}

    # calling

    def call(self, who, story, action, said, other):
        names = {} if other is None or "other" not in self.names(action) else {"other": other.id}
        doc = life.body(self.forms[action], **{**life.ALWAYS_SAID, **said, **names})
        return self.callers_of(who)("POST", f"/v1/requests/{story.id}/{action}", doc)

    def variants_of(self, action):
        """What is worth saying: each way that some guard tells apart."""
        if "support" in self.names(action):
            return [{"support": []}, {"support": ["cms"]}, {"support": ["cms", "cbd"]}]
        ways = []
        for r in self.rows:
            if r.action == action and r.guard in life.SAID and life.SAID[r.guard] not in ways:
                ways.append(life.SAID[r.guard])
        if any(r.action == action and r.guard not in life.SAID for r in self.rows):
            ways.insert(0, {})
        return ways + [life.ALSO_SAID[action]] if action in life.ALSO_SAID else ways

    def callers(self, story):
        away = "UGA" if story.doc["country"] != "UGA" else "KEN"
        return [f"country:{story.doc['country']}", f"country:{away}", "coordinator", "operator",
                *(f"secretariat:{s}" for s in life.SECRETARIATS)]

    def mark(self):
        return {p: (self.site.redis("XREVRANGE", partition_key(p, "events"), "+", "-", "COUNT", 1) or [[b"0"]])[0][0]
                for p in self.partitions}

    def news(self, mark):
        out = []
        for p in self.partitions:
            for _, fields in self.site.redis("XRANGE", partition_key(p, "events"), b"(" + mark[p], "+"):
                out.append({fields[i].decode(): fields[i + 1].decode() for i in range(0, len(fields), 2)})
        return out

    def learn(self, event, predicted=None):
        """Which row of the table an event was; there must be one."""
        role = event["actor"].split(":")[0]
        fits = [r for r in self.rows if (r.action, r.start, r.role, r.to) ==
                (event["action"], event["from"], role, event["to"])]
        assert fits, f"no row of the table: {event}"
        if predicted:
            assert predicted in fits, (event, predicted)
            fits = [predicted]
        elif len(fits) > 1:  # who follows is known by that; of clocks' rows each has its own arrow
            fits = [r for r in fits if r.guard in life.ONLY_OTHER or r.role == "system"]
        for r in fits:
            self.need.discard(r)
            self.need_clock.discard((r.action, r.guard, r.to if r.start != r.to else "same"))

    # a life: some requests of one country

    def begin(self, n, **members):
        self.lives_n += 1
        self.country = COUNTRIES[self.lives_n % len(COUNTRIES)]
        self.stories = []
        self.partitions = {self.far.id[-1]}
        self.go_on(n, **members)

    def begin_with(self, n, text):
        """All with the same text. The second of two twins waits for the desk, also where a secretariat is close to it."""
        self.begin(0)
        for _ in range(n):
            answer = self.site.submit(self.country, {"Prefer": "wait=10"}, disclosure="open", **text)
            assert answer.status == 201, answer
            self.adopt(answer.doc["id"])

    def go_on(self, n, **members):
        for _ in range(n):
            answer = self.site.submit(self.country, **hand_written(self.country), disclosure="open", **members)
            assert answer.status == 201, answer
            self.adopt(answer.doc["id"])

    def adopt(self, id):
        self.partitions.add(id[-1])
        self.stories.append(life.Story(self.site, id))
        return self.stories[-1]

    def routed(self):
        for s in self.stories:
            self.site.wait_state("coordinator", s.id, "triage", "offered")
            s.read()
            for e in s.past[1:]:
                self.learn(e)

    def other_of(self, story, action):
        if action in self.undoes:
            into = story.doc["merged_into"]
            return [s for s in self.stories if into and s.id == into["id"]] or [self.far]
        if action in self.pairs:
            return [s for s in self.stories if s is not story and s.doc["country"] == story.doc["country"]]
        return [self.far]

    def moves(self):
        """All that the table lets somebody do now: (gain, rows, how)"""
        for story in self.stories:
            for action in self.forms:
                for who in self.callers(story):
                    if not self.row_of(story, action, who):
                        continue
                    for said in self.variants[action]:
                        for other in self.other_of(story, action):
                            rows = self.judge(story, action, who, said, other)
                            if rows:
                                yield rows, (who, story, action, said, other)
        far = {self.far.id: self.row_of(self.far, "link", "coordinator", {})}
        for story in self.stories:  # the other half of a link
            there = self.row_of(story, "link", "system", {})
            if there and all(far.values()) and story.state != "merged":
                yield {**far, story.id: there}, ("coordinator", self.far, "link", {}, story)

    def take(self, rows, how):
        who, story, action, said, other = how
        if action == "link":  # the same relation twice would be nothing new
            said = {"relation": self.rng.choice(["same_site", "same_event", "joint_training"])}
            if any(x["id"] == other.id and x["relation"] == said["relation"] for x in story.doc["links"]):
                said = {"relation": "none"}
        mark = self.mark()
        answer = self.call(who, story, action, said, other)
        assert answer.status in (200, 201), (how[0], action, said, story.state, answer)
        told = self.news(mark)
        assert {e["id"] for e in told} >= set(rows), (rows, told)
        for e in told:
            self.learn(e, rows.get(e["id"]))
        for s in (*self.stories, self.far):
            was = s.doc["version"]
            mine = [e for e in told if e["id"] == s.id]
            if not mine:
                continue
            s.read(self.callers_of("coordinator"))
            assert len(mine) == 1 and s.doc["version"] == was + 1 and s.state == mine[0]["to"], (mine, s.doc)
        self.moved_n += 1

    def try_what_is_refused(self):
        prefixes = [partition_key(p, "") for p in self.partitions]
        for story in self.stories:
            if self.looked_at.get(story.id) == story.doc["version"]:
                continue
            self.looked_at[story.id] = story.doc["version"]
            before = self.site.redis("EVAL", DIGEST, 0, *prefixes)
            for who in self.callers(story):
                self.refuse_all(story, who)
            assert self.site.redis("EVAL", DIGEST, 0, *prefixes) == before, (story.state, "something changed")

    def refuse_all(self, story, who):
        role, _, code = who.partition(":")
        offer = story.offer(code) or {"role": None, "state": None}
        stand = (role, code == story.doc["country"], offer["role"], offer["state"], story.doc["holder"] == code,
                 story.leads(code), story.state, story.doc["open"])
        allowed = {a for a in self.forms if self.row_of(story, a, who)}
        if (stand, *allowed) in self.asked:
            return
        self.asked.add((stand, *allowed))
        seen = self.callers_of(who)("GET", f"/v1/requests/{story.id}")
        if role == "operator" or (role == "country" and code != story.doc["country"]):
            assert seen.status == (403 if role == "operator" else 404), (who, seen)
        elif role != "secretariat":
            assert seen.status == 200
        if seen.status == 200:
            assert set(seen.doc["allowed_actions"]) == allowed, (who, story.state, story.doc["offers"])
        else:
            assert not allowed, (who, story.state)
        for action in [*self.forms, *sorted({r.action for r in self.rows} - set(self.forms))]:
            if action not in self.forms:  # the clock's and the router's own
                if (role, action) not in self.asked:
                    self.asked.add((role, action))
                    answer = self.site.api(who, "POST", f"/v1/requests/{story.id}/{action}", {})
                    assert answer.status in (403, 404), (who, action, answer)
                continue
            for said in self.variants[action]:
                for other in self.other_of(story, action)[:1]:
                    if self.judge(story, action, who, said, other):
                        continue
                    key = (stand, action, str(said), action in allowed, other and other.state)
                    if key in self.asked:
                        continue
                    self.asked.add(key)
                    answer = self.call(who, story, action, said, other)
                    want = {403} if role == "operator" else {404} if seen.status != 200 else {409, 403}
                    assert answer.status in want, (who, action, said, story.state, want, answer)
                    if answer.type == "wrong-state":
                        assert set(answer.doc["allowed_actions"]) == allowed
                    self.refused_n += 1

    # where to

    def steps_to(self, goal):
        """How many moves of people each state is away from the goal, whatever happened before."""
        far = {goal: 0}
        while True:
            new = {r.start: far[r.to] + 1 for r in sorted(self.rows, key=lambda r: far.get(r.to, 99), reverse=True)
                   if r.role != "system" and r.to in far and far.get(r.start, 99) > far[r.to] + 1
                   and not r.guard.startswith(("asked", "merged", "lapsed"))}
            if not new:
                return far
            far.update(new)

    def choose(self, goal, subject):
        """What brings something new and ends nothing; else what leads the subject to its goal; there, what ends.
        Also whether it is new."""
        all_moves = list(self.moves())
        gains = [m for m in all_moves if set(m[0].values()) & self.need]

        def fate(move):
            return min((r.to in life.ENDS - {"merged"} and r.start != r.to, r.start != r.to,
                        "merged in" not in r.guard and "asked" not in r.guard)
                       for r in set(move[0].values()) & self.need)

        mild = [m for m in gains if not fate(m)[0]]
        if mild or (gains and subject.state == goal):
            gains = mild or gains
            best = min(map(fate, gains))
            return self.rng.choice([m for m in gains if fate(m) == best]), True
        return self.way(goal, subject, all_moves, 0.3), False

    def way(self, goal, subject, all_moves, stray=0.0):
        """A step of the subject's on the shortest way, or now and then on a longer one, with another past."""
        own = [(rows[subject.id].to, n) for n, (rows, how) in enumerate(all_moves)
               if how[1] is subject and how[2] not in self.pairs and how[2] != "link"
               and (rows[subject.id].to not in life.ENDS or rows[subject.id].to == subject.state)]
        if own and self.rng.random() < stray:
            return all_moves[self.rng.choice(own)[1]]
        far = self.steps_to(goal)
        ways = [(far.get(to, 50), n) for to, n in own if to != subject.state]
        if not ways:
            return None
        nearest = min(ways)[0]
        return all_moves[self.rng.choice([n for w, n in ways if w == nearest])]

    def live(self, subject, is_routed=True):
        """Goes on until nothing new can be reached from here."""
        starts = sorted(r.start for r in self.need if (r.start == "submitted") != is_routed)
        goal = self.rng.choice([s for s in starts if s not in life.ENDS] or starts)
        arrived_n = 0
        for _ in range(STEPS_MAX):
            self.try_what_is_refused()
            if is_routed:
                self.join_by_submitting()
            if self.wants_merged_one(subject) and self.merge_into(subject):
                continue
            step, is_new = self.choose(goal, subject)
            arrived_n += subject.state == goal and not is_new
            if not step or arrived_n > 2:
                return
            self.take(*step)

    def reach(self, subject, goal, others):
        """others: whom the desk invites to support."""
        while subject.state != goal:
            self.take(*self.way(goal, subject, [m for m in self.moves() if m[1][3].get("support", others) == others]))

    def join_by_submitting(self):
        for story in self.stories:
            row = next((r for r in self.need if (r.action, r.start, r.role) == ("join", story.state, "system")
                        and r.guard in life.RECEIVES), None)
            if row:
                country = story.doc["country"]
                answer = self.site.submit(country, {"Prefer": "wait=10"}, join=story.id, disclosure="open",
                                          **{k: story.doc[k] for k in ("title", "description")})
                assert answer.status == 201, answer
                new = self.site.wait_state("coordinator", answer.doc["id"], "merged")
                for id in (new["id"], story.id):
                    self.learn(life.Story(self.site, id).past[-1])
                story.read()

    def wants_merged_one(self, subject):
        """Undoing in a state where nothing can be merged into it any more needs one merged before."""
        lone = {r.start for r in self.need if r.action in self.undoes and r.guard in life.RECEIVES}
        has = any(s.doc["merged_into"] and s.doc["merged_into"]["id"] == subject.id for s in self.stories)
        return bool(lone) and not has and subject.state not in lone and subject.state != "merged"

    def merge_into(self, subject):
        for rows, how in self.moves():
            if how[2] in self.pairs and subject.id in rows and rows[subject.id].guard in life.RECEIVES:
                self.take(rows, how)
                return True
        return False


    def undo_when_ended(self, goal):
        """Something is merged into it, it comes to that end, and the merge is undone."""
        self.begin_with(2, nonsense())
        self.routed()
        subject = self.stories[0]
        self.merge_into(subject)
        for _ in range(STEPS_MAX):
            own = [m for m in self.moves() if m[1][1] is subject and m[1][2] not in ("link", "escalate")]
            undo = [m for m in self.moves() if m[1][2] in self.undoes and subject.id in m[0] and subject.state == goal]
            ends = [m for m in own if m[0][subject.id].to == goal != subject.state]
            asks = [m for m in own if m[1][2] == "refer" and goal == "referred"]
            if undo:
                return self.take(*undo[0])
            on = [r.start for r in self.rows if r.to == goal and r.start not in (goal, "merged") and r.guard in ("", "resolved")]
            self.take(*((ends or asks)[0] if ends or asks else self.way(sorted(on)[0], subject, own)))

    # the clock's own rows

    def only_by_clock(self):
        return {r for r in self.need if r.guard.startswith("lapsed")}

    def clocks(self):
        """Requests in all states that a clock runs in, and time that passes until each row was taken."""
        starts = sorted({r.start for r in self.rows if r.role == "system" and "clock" in r.guard} & BALLS)
        stories = []
        for goal, others in [*((s, ["cms"]) for s in starts), ("claimed", [])]:
            self.begin(1, urgency="emergency")
            self.routed()
            self.reach(self.stories[0], goal, others)
            stories += self.stories
        self.stories = stories
        self.partitions = {s.id[-1] for s in stories} | {self.far.id[-1]}
        for _ in range(60):
            due = {id: wake for id, wake in self.site.deadlines().items() if id in {s.id for s in stories}}
            if not due or not (self.need_clock or self.only_by_clock()):
                return
            mark = self.mark()
            self.site.jump((min(due.values()) - self.site.now_ms()) / 1000 + 1)
            wait_until(lambda: not any(at <= self.site.now_ms() for at in self.site.deadlines().values()), 10, "all that is due is done")
            for e in self.news(mark):
                self.learn(e)
                assert e["actor"] == "system" and int(e["at"]) >= due.get(e["id"], 0), e
            for s in (*stories, self.far):
                s.read()
            for rows, how in list(self.moves()):
                if set(rows.values()) & self.only_by_clock():
                    self.take(rows, how)
                    break


def test_every_row_for_everybody(timed):
    site, w, began = timed, Walk(timed), time.monotonic()
    far = site.routed("PER", **hand_written("PER"), disclosure="open")
    w.far = life.Story(site, far["id"])
    assert not w.unknown, f"guards that this test knows nothing of: {w.unknown}"

    w.clocks()  # first: nobody else is there who would be reminded of things
    clocks_s = time.monotonic() - began
    while w.lives_n < LIVES_MAX and any(r.start == "submitted" and r.role != "system" for r in w.need):
        w.begin(1)
        w.routed()
        site.workers[1].signal(signal.SIGSTOP)  # what is submitted stays so
        w.go_on(2)
        w.live(w.stories[1], is_routed=False)
        site.workers[1].signal(signal.SIGCONT)
        for story in w.stories:
            wait_until(lambda: story.read().state != "submitted", 20, "the router goes on")
    w.partitions = set()
    w.learn(life.Story(site, site.routed("KEN", **wetland(name()))["id"]).past[-1])

    while w.need and w.lives_n < LIVES_MAX:
        ended = [r.start for r in w.need if r.action in w.undoes and r.start in life.ENDS - {"merged"}]
        if len(ended) == len(w.need):
            w.undo_when_ended(ended[0])
            continue
        near = any(r.start == "triage" and r.guard in ("a secretariat is close", "a decline is proposed") for r in w.need)
        if near and w.lives_n % 3 == 0:
            w.begin_with(2, wetland(name()))
            w.routed()
            w.live(w.stories[1])
            continue
        if w.lives_n % 3 == 1 and any(r.guard == "no secretariat is close" for r in w.need):
            w.begin_with(1, nonsense())
            w.routed()
            w.live(w.stories[0])
            continue
        w.begin(3)
        w.routed()
        if any(r.guard == "merged into the one that moves" for r in w.need) and w.lives_n % 2:
            w.merge_into(w.stories[1])
        w.live(w.rng.choice(w.stories[:2]))
    FIGURES.append(f"life cycle: {len(w.rows) - len(NO_WAY)} rows and states of {len(w.rows)}, {w.moved_n} moves, "
                   f"{w.refused_n} refusals, {w.lives_n} lives, {clocks_s:.1f} + {time.monotonic() - began - clocks_s:.1f} s")
    assert not w.need and not w.need_clock, (sorted(w.need), sorted(w.need_clock))
