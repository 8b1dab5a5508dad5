"""The table of the life cycle as the program prints it, and what its words mean to somebody who knows
only what readers are shown and what happened before: an oracle that shares no code with ours.

    table = Table(); row = table.row(story, "claim", Caller("secretariat:ramsar"), {"role": "lead"})"""
import collections
import datetime
import json
import subprocess
import time

from harness import BIN, partition_key

SECRETARIATS = "whc cbd cites cms ramsar ippc itpgrfa iwc".split()
ENDS = {"closed", "withdrawn", "merged", "declined", "referred"}
Row = collections.namedtuple("Row", "action start role standing guard to")

# What must be said for a row to be the one taken; a guard that is not here asks for nothing.
SAID = {
    "as supporter": {"role": "support"},
    "as lead": {"role": "lead"},
    "resolved": {"outcome": "resolved"},
    "partly or not resolved": {"outcome": "partly", "text": "The map is missing."},
    "more follows": {"more": True},
}
# What no guard of the action itself tells apart, but others do later.
ALSO_SAID = {"contribute": {"disagrees": True}}
# What some callers of an action must say beyond what its form requires.
ALWAYS_SAID = {"lead": "ramsar", "next_door": "The port of the town."}
# Guards of the one of two requests that yields to the other, of the one that stays, and of those
# that are merged into the one that moves.
YIELDS = {"the other was received earlier"}
RECEIVES = {"the other was received later", "the other one is the one acted on"}
ONLY_OTHER = {"the other one is the one acted on", "merged into the one that moves"}


def printed(what):
    return subprocess.run([BIN / "lifecycle_print", what], capture_output=True, text=True, check=True).stdout


def table():
    return [Row(*line.split("\t")) for line in printed("rows").splitlines()]


def forms():
    """{action: its form}; actions of people are those that have one"""
    return json.loads(printed("forms"))["actions"]


def body(form, **said):
    """A body that the form accepts: what is required, and what is said."""
    out = {}
    for field in form:
        if field["name"] in said:
            out[field["name"]] = said[field["name"]]
        elif field["required"]:
            out[field["name"]] = {"text": "Words of a test.", "word": (field.get("words") or [""])[0],
                                  "secretariat": "ramsar", "count": 0, "date": "2027-01-01"}[field["kind"]]
    return out


class Callers:
    """A connection for each caller, a new one before an idle one would be ended."""

    def __init__(self, site):
        self.site, self.kept = site, {}

    def __call__(self, who):
        now = time.monotonic()
        client, used = self.kept.get(who, (None, 0))
        if not client or now - used > 5:
            self.forget(who)
            client = self.site.client(who)
        self.kept[who] = client, now
        return client

    def forget(self, *whos):
        for who in whos or list(self.kept):
            if who in self.kept:
                self.kept.pop(who)[0].close()


class Story:
    """A request: what the desk is shown of it, and its past as the event stream has it."""

    def __init__(self, site, id):
        self.site, self.id = site, id
        self.past, self.seen = [], b"-"
        self.read()

    def read(self, client=None):
        answer = (client or self.site.client("coordinator"))("GET", f"/v1/requests/{self.id}")
        assert answer.status == 200, answer
        self.doc = answer.doc
        for entry, fields in self.site.redis("XRANGE", partition_key(self.id, "events"), self.seen, "+"):
            line = {fields[i].decode(): fields[i + 1].decode() for i in range(0, len(fields), 2)}
            self.seen = b"(" + entry
            if line["id"] == self.id:
                self.past.append(line)
        self.state = self.doc["state"]
        return self

    def order(self):
        return (self.doc["submitted_at"], self.id)

    def offer(self, code):
        return next((o for o in self.doc["offers"] if o["secretariat"] == code), None)

    def leads(self, code):
        return self.doc["claim"] is not None and self.doc["claim"]["holder"] == code

    def last(self, *actions, to=None):
        """The last of these events; with `to`, that led there from elsewhere."""
        for e in reversed(self.past):
            if (not actions or e["action"] in actions) and (not to or e["to"] == to != e["from"]):
                return e
        return None

    def here(self):
        """What has happened since it came into its state."""
        n = max(i for i, e in enumerate(self.past) if e["from"] != e["to"])
        return self.past[n + 1:]

    def came_n(self, state):
        """How often it came there, a return from being merged not counted."""
        return sum(e["to"] == state and e["from"] not in (state, "merged") for e in self.past)


def has_standing(word, story, code):
    mine = story.offer(code) or {"role": "", "state": ""}
    if word == "":
        return True
    if word == "may take the lead":
        free = mine["state"] == "pending" or (mine["role"], mine["state"]) == ("support", "accepted")
        return free and (story.doc["holder"] == code or story.doc["open"])
    if word == "invited to support":
        return (mine["role"], mine["state"]) == ("support", "pending")
    if word == "lead":
        return story.leads(code)
    if word == "supporter":
        return (mine["role"], mine["state"]) == ("support", "accepted")
    if word == "lead or supporter":
        return story.leads(code) or (mine["role"], mine["state"]) == ("support", "accepted")
    if word == "routed":
        return story.leads(code) or mine["state"] in ("pending", "accepted")
    if word == "closest":
        return story.doc["closest"] == code
    return None


def others_remain(story, code):
    return any(o["state"] in ("pending", "accepted") and o["secretariat"] != code for o in story.doc["offers"])


def came_from(state):
    def holds(story, code, said):
        merged = story.last("merge", "join", to="merged")
        return merged is not None and (merged["from"] == state or (state, merged["from"]) == ("triage", "submitted"))
    return holds


def goes_elsewhere(story, code, said):
    """Not to the very ones that it was offered to; or a cycle has passed."""
    due = datetime.datetime.fromisoformat(story.doc["due_at"]).timestamp() * 1000
    had = [o["secretariat"] for o in story.doc["offers"]]
    named = [ALWAYS_SAID["lead"], *said.get("support", ["nobody"])]
    return (had[0], set(had)) != (named[0], set(named)) or story.site.now_ms() >= due


def is_proposed(what):
    return lambda story, code, said: (story.doc["proposal"] or {}).get("what") == what


def is_settled(story, code, said):
    """Requests of the walk have no items, and say nothing of the kind of help."""
    return "disagreement" not in story.doc["flags"]


def asked_in(state):
    return lambda story, code, said: story.last("ask")["from"] == state


GUARDS = {
    "": lambda story, code, said: True,
    "as supporter": lambda story, code, said: said.get("role") == "support",
    "as lead": lambda story, code, said: said.get("role") != "support",
    "another lead can be proposed": lambda story, code, said: others_remain(story, code),
    "no other lead": lambda story, code, said: not others_remain(story, code),
    "asked in triage": asked_in("triage"),
    "asked while claimed": asked_in("claimed"),
    "asked while delivering": asked_in("delivering"),
    "resolved": lambda story, code, said: said.get("outcome") == "resolved",
    "partly or not resolved": lambda story, code, said: said.get("outcome") != "resolved",
    "more follows": lambda story, code, said: said.get("more", False),
    "another route, or a new cycle": goes_elsewhere,
    "no secretariat is close": lambda story, code, said: not story.doc["closest"],
    "a secretariat is close": lambda story, code, said: bool(story.doc["closest"]),
    "a decline is proposed": is_proposed("decline"),
    "a referral is proposed": is_proposed("referral"),
    "some of it needs a plan, or more than 10 working days": lambda story, code, said: True,
    "none of it needs a plan, no disagreement is unseen": is_settled,
    "each item is accounted for, no disagreement is unseen": is_settled,
    "a disagreement is unseen": lambda story, code, said: not is_settled(story, code, said),
    "at most 180 days after closing, the lead is willing": lambda story, code, said: not any(
        e["action"] == "release" for e in story.here()),
    "at most 180 days after closing": lambda story, code, said: True,  # the walk takes no such time
    "merged in triage or before, in time": came_from("triage"),
    "merged while awaiting the country, in time": came_from("awaiting_country"),
    "merged while offered, in time": came_from("offered"),
    "merged while claimed, in time": came_from("claimed"),
    "merged while unmatched, in time": came_from("unmatched"),
    "below level 3": lambda story, code, said: story.doc["level"] < 3,
    "below level 3, once in a state": lambda story, code, said: story.doc["level"] < 3 and not any(
        e["action"] == "escalate" and e["actor"].startswith("country") for e in story.here()),
    "lapsed at most 180 days ago": lambda story, code, said: story.doc["outcome"] == "no_reply",
    "after two cycles": lambda story, code, said: story.came_n("unmatched") >= 2,
    "the clock demands it": lambda story, code, said: False,  # never of a person
    "the lease has ended, another lead can be proposed": lambda story, code, said: False,
    "the lease has ended, no other lead": lambda story, code, said: False,
}
