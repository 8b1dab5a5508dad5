"""What a new request, or a draft, is compared with: everything that was decided and has not ended, also after
a restart, whoever decided it; kept sealed, and shown only to those who may see it."""
import json
import re
import shutil
import signal
import threading
import time

import pytest

from harness import ROOT, Site, name, nonsense, partition_key, wait_until, wetland

SHORT = {"LIAISON_RECONCILE_MS": "200"}


@pytest.fixture(scope="module")
def own():
    """A site whose worker may be restarted."""
    with Site(workers=1, env=SHORT) as site:
        yield site


@pytest.fixture
def site(own):
    yield own
    own.revive()


def restart_worker(site, slot=1):
    worker = site.workers.pop(slot)
    worker.kill()
    site.processes.remove(worker)
    worker = site.start_worker(slot)
    wait_until(lambda: "event=corpus_loaded" in worker.text(), 60, "the worker has loaded")
    return worker


def twin_of(words, title="Restoring what was drained"):
    return words | {"title": title}


def entry(site, id, n=None):
    """The entry of a request in its country's decided list, and its position."""
    country = site.redis.hash(partition_key(id, f"req:{id}"))["country"].decode()
    at = partition_key(id, f"decided:{country}")
    found = [(i, e) for i, e in enumerate(site.redis("LRANGE", at, 0, -1)) if e.startswith(id.encode())]
    (position, text), = found
    return at, position, text


def figures(site, worker="1"):
    """liaison_corpus_<name> of one worker, as it is from now on."""
    began = time.time()

    def told():
        text = site.api(None, "GET", "/metrics").body.decode()
        series = {m[1]: float(m[2]) for m in re.finditer(r'^liaison_(\w+)\{worker="[^"]*:%s"\} (\S+)$' % worker, text,
                                                         re.M)}
        return series if series.get("worker_last_heartbeat_timestamp_seconds", 0) > began else None
    series = wait_until(told, 10, f"worker {worker} says how it is")
    return {name[len("corpus_"):]: value for name, value in series.items() if name.startswith("corpus_")}


def duplicates(doc):
    return [pair["id"] for pair in doc["duplicates"]]


# --- after a restart -------------------------------------------------------------------------------


def test_a_restarted_worker_finds_what_was_decided_before(site):
    words = wetland(f"Lake {name()}")
    first = site.routed("KEN", **words)
    record = partition_key(first["id"], f"req:{first['id']}")
    body = site.redis("HGET", record, "body")
    site.redis("HSET", record, "body", "garbage")  # no text is read
    restart_worker(site)
    twin = site.routed("KEN", **twin_of(words))
    site.redis("HSET", record, "body", body)
    twin = site.get("country:KEN", twin["id"])
    assert (twin["state"], duplicates(twin)) == ("triage", [first["id"]])
    assert twin["duplicates"][0]["reference"] == first["reference"]


@pytest.mark.parametrize("country, spoil", [
    pytest.param("ETH", lambda text: text[:36], id="absent"),
    pytest.param("SSD", lambda text: text[:-1] + bytes([text[-1] ^ 1]), id="altered"),
])
def test_a_vector_that_is_missing_is_computed_from_the_text_and_kept(site, country, spoil):
    words = wetland(f"Lake {name()}")
    first = site.routed(country, **words)
    at, position, text = entry(site, first["id"])
    assert len(text) > 100
    site.redis("LSET", at, position, spoil(text))
    restart_worker(site)
    wait_until(lambda: len(site.redis("LINDEX", at, position)) == len(text) and
               site.redis("LINDEX", at, position) != spoil(text), 10, "the vector is kept again")
    twin = site.routed(country, **twin_of(words))
    assert (twin["state"], duplicates(twin)) == ("triage", [first["id"]])


def test_vectors_by_other_data_are_computed_anew(make_site, tmp_path):
    """Another ruleset may give the same number to other things."""
    data = tmp_path / "config"
    shutil.copytree(ROOT / "config", data)
    site = make_site(workers=1, env={"LIAISON_DATA": str(data)})
    words = wetland(f"Lake {name()}")
    first = site.routed("KEN", **words)
    before = entry(site, first["id"])[2]
    terms = data / "terms" / "nature.csv"
    head, rest = terms.read_text().split("\n", 1)
    terms.write_text(f"{head}\nno_such_matter,{',nosuchmatter' * 6}\n{rest}")  # whatever follows gets another number
    worker = restart_worker(site)
    wait_until(lambda: entry(site, first["id"])[2] != before, 10, "the vector is kept anew")
    twin = site.routed("KEN", **twin_of(words))
    assert duplicates(twin) == [first["id"]], worker.text()


# --- who is no candidate ---------------------------------------------------------------------------


def close(site, id, country, lead):
    for who, action, body in [(lead, "claim", None), (lead, "answer", {"text": "Here it is."}),
                              (country, "confirm", {"outcome": "resolved"})]:
        answer = site.act(who, id, action, body)
        assert answer.status in (200, 201), answer


def end_withdrawn(site, doc):
    return site.act("country:UGA", doc["id"], "withdraw")


def end_declined(site, doc):
    return site.act("coordinator", doc["id"], "decline", {"reason": "out_of_mandate", "next_door": "A university."})


def end_referred(site, doc):
    proposed = site.act("coordinator", doc["id"], "refer", {"body": "FAO", "text": "Their matter."})
    return site.act("country:UGA", doc["id"], "agree") if proposed.status == 200 else proposed


@pytest.mark.parametrize("end, words", [
    (end_withdrawn, wetland), (end_declined, lambda place: nonsense()), (end_referred, lambda place: nonsense())])
@pytest.mark.parametrize("restart", [False, True])
def test_what_has_ended_is_no_candidate(site, end, words, restart):
    words = words(f"Lake {name()}")
    first = site.routed("UGA", **words)
    before = figures(site)["requests"]
    assert end(site, first).status == 200
    assert site.get("country:UGA", first["id"])["state"] in ("withdrawn", "declined", "referred")
    if restart:
        restart_worker(site)
    assert figures(site)["requests"] == before - 1
    again = site.routed("UGA", **words)
    assert duplicates(again) == [] and again["state"] == first["state"]
    assert end(site, again).status == 200


def test_a_closed_request_is_one_for_a_year(site):
    words = wetland(f"Lake {name()}")
    first = site.routed("RWA", **words)
    close(site, first["id"], "country:RWA", "secretariat:ramsar")
    twin = site.routed("RWA", **twin_of(words))
    assert duplicates(twin) == [first["id"]]
    site.act("country:RWA", twin["id"], "withdraw")

    def closed_days_ago(days):
        at = partition_key(first["id"], f"req:{first['id']}")
        meta = json.loads(site.redis("HGET", at, "meta"))
        meta["m"] = int(time.time() * 1000) - int(days * 86400000)
        site.redis("HSET", at, "meta", json.dumps(meta))
        site.redis("ZADD", partition_key(first["id"], "by:state:closed"), meta["m"], first["id"])

    closed_days_ago(364.9)
    twin = site.routed("RWA", **twin_of(words))
    assert duplicates(twin) == [first["id"]]
    site.act("country:RWA", twin["id"], "withdraw")
    closed_days_ago(365.1)
    twin = site.routed("RWA", **twin_of(words))  # known to the worker, left out as its record is read
    assert duplicates(twin) == []
    site.act("country:RWA", twin["id"], "withdraw")
    n = figures(site)["requests"]
    restart_worker(site)
    assert figures(site)["requests"] == n - 1, "not even loaded"
    assert duplicates(site.routed("RWA", **twin_of(words))) == []


def test_a_year_passes_while_a_worker_runs(site):
    first = site.routed("BDI", **wetland(f"Lake {name()}"))
    close(site, first["id"], "country:BDI", "secretariat:ramsar")
    n = figures(site)["requests"]
    in_a_moment = int(time.time() * 1000) - 365 * 86400000 + 700
    site.redis("ZADD", partition_key(first["id"], "by:state:closed"), in_a_moment, first["id"])
    wait_until(lambda: figures(site)["requests"] == n - 1, 10, "it is swept out")


def test_a_merged_request_leads_to_its_survivor(site):
    words = wetland(f"Lake {name()}")
    first = site.routed("TZA", **words)
    second = site.routed("TZA", **twin_of(words))
    n = figures(site)["requests"]
    assert site.act("coordinator", second["id"], "merge", {"other": first["id"]}).status == 200
    assert figures(site)["requests"] == n
    third = site.routed("TZA", **twin_of(words))  # word for word the merged one
    assert duplicates(third) == [first["id"]], "once, though both texts are alike"
    assert third["duplicates"][0]["verdict"] == "certain"
    assert site.act("country:TZA", third["id"], "withdraw").status == 200
    assert site.act("coordinator", second["id"], "unmerge").status == 200
    fourth = site.routed("TZA", **twin_of(words, "Papyrus, drained and grazed"))
    assert set(duplicates(fourth)) == {first["id"], second["id"]}
    assert site.act("coordinator", second["id"], "merge", {"other": first["id"]}).status == 200
    assert site.act("country:TZA", first["id"], "withdraw").status == 200
    assert site.act("country:TZA", fourth["id"], "withdraw").status == 200
    assert duplicates(site.routed("TZA", **twin_of(words))) == [], "it ends with its survivor"


def test_a_reopened_request_stays_one(site):
    words = wetland(f"Lake {name()}")
    first = site.routed("CIV", **words)
    close(site, first["id"], "country:CIV", "secretariat:ramsar")
    assert site.act("country:CIV", first["id"], "reopen", {"text": "It dries out again."}).status == 200
    assert duplicates(site.routed("CIV", **twin_of(words))) == [first["id"]]


# --- several workers -------------------------------------------------------------------------------


def test_workers_hear_of_each_others_decisions(make_site):
    site = make_site(workers=2)
    ids = [site.routed(c, **wetland(f"Lake {name()}"))["id"] for c in ("KEN", "UGA", "TZA", "ETH")]
    for worker in ("1", "2"):
        wait_until(lambda: figures(site, worker)["requests"] == len(ids), 10,
                   f"worker {worker} knows all")
    assert figures(site)["countries"] <= 4 and figures(site)["loaded"] == 1
    site.act("country:KEN", ids[0], "withdraw")
    for worker in ("1", "2"):
        wait_until(lambda: figures(site, worker)["requests"] == len(ids) - 1, 10, "both have heard")


# --- other countries -------------------------------------------------------------------------------


def related(doc):
    return [pair["id"] for pair in doc["related"]]


def whales(place):
    """Nothing that another test asks for: those would be related too."""
    return {"title": f"Humpback whales entangled in lobster gear off {place}",
            "description": f"Since June seven humpback whales were entangled in lobster lines off {place}. Our rangers "
                           "have no tools to cut a whale free. We ask for a training in disentanglement at sea, a set of "
                           "cutting tools and advice on lobster gear that whales do not drag along."}


def test_related_requests_of_other_countries_are_for_those_who_read_both(site):
    words = whales(name())
    ours = site.routed("GIN", **words)
    hidden = site.routed("GAB", disclosure="restricted", **twin_of(words, "Whales and lobster lines"))
    theirs = site.routed("BEN", **twin_of(words, "Freeing whales from lobster gear"))
    assert (theirs["state"], theirs["duplicates"], theirs["related"]) == ("offered", [], [])
    desk = site.get("coordinator", theirs["id"])
    assert related(desk) == [ours["id"]], "nothing that is restricted, not even counted"
    pair, = desk["related"]
    assert (pair["reference"], pair["country"], pair["title"]) == (ours["reference"], "GIN", words["title"])
    assert pair["verdict"] in ("certain", "likely", "possible") and pair["shared"] and 0 < pair["probability"] <= 1
    assert ours["routing"]["lead"] == hidden["routing"]["lead"] == theirs["routing"]["lead"] == "iwc"
    lead = site.get("secretariat:iwc", theirs["id"])
    assert set(related(lead)) == {ours["id"], hidden["id"]}, "it has offers of all three"
    assert site.get("country:GIN", ours["id"])["related"] == []
    assert theirs["state"] == "offered" and desk["links"] == [], "never linked by itself"
    assert site.act("country:GIN", ours["id"], "withdraw").status == 200
    again = site.routed("CMR", **twin_of(words, "Whales in lobster lines once more"))
    assert set(related(site.get("coordinator", again["id"]))) == {theirs["id"]}


# --- nothing in clear ------------------------------------------------------------------------------


def test_no_file_of_the_store_has_a_word_of_a_request(make_site):
    site = make_site(workers=1)
    place = name() + name().lower()
    words = wetland(place)
    cyrillic = {"language": "ru", "title": "Осушение Папирусного болота Кызылкумское, нужна помощь",
                "description": "Папирусные заросли Кызылкумское высыхают: дренажные канавы и выпас скота забрали "
                               "треть площади. Просим двух экспертов и план восстановления."}
    first = site.routed("KAZ", **words)
    twin = site.routed("KAZ", **twin_of(words, f"Papyrus of {place} restored"))
    other = site.routed("KGZ", **cyrillic)
    assert duplicates(twin) == [first["id"]]
    secrets = [place, place.lower(), "papyrus", "Papyrus", "grazing", "ecological character", "Кызылкумское",
               "кызылкумское", "папирус"]
    secrets = [s.encode() for s in secrets]
    vector = entry(site, first["id"])[2][36:]
    assert vector[0] == 1 and len(vector) > 100, "sealed: format 1"

    def files():
        found = [p for p in site.folder.rglob("*") if p.is_file() and not p.name.endswith(".log")]
        assert any("aof" in p.name for p in found)
        return found

    def scan(when):
        for path in files():
            blob = path.read_bytes()
            for secret in secrets:
                assert secret not in blob, f"{when}: {secret!r} stands in {path.name}"
    scan("as written")
    site.redis("BGREWRITEAOF")
    wait_until(lambda: re.search(r"aof_rewrite_in_progress:0.*aof_last_bgrewrite_status:ok",
                                 site.redis.text("INFO", "persistence"), re.S), 20, "the log is rewritten")
    scan("rewritten")
    assert first["id"].encode() in b"".join(p.read_bytes() for p in files() if "aof" in p.name), "ids do stand there"
    for text in [p.text() for p in site.processes]:
        for secret in secrets:
            assert secret.decode() not in text, "nor in a log"
    assert other["id"]


# --- drafts ----------------------------------------------------------------------------------------


def assess(site, who, country, **members):
    doc = {"country": country, "language": "en", **members}
    return site.api(who, "POST", "/v1/requests:assess", doc)


def test_a_draft_is_told_where_it_would_go_and_what_it_resembles(site):
    words = wetland(f"Lake {name()}")
    first = site.routed("ZMB", **words)
    answer = assess(site, "country:ZMB", "ZMB", **twin_of(words))
    assert answer.status == 200, answer
    assert set(answer.doc) == {"routing", "duplicates"}
    pair, = answer.doc["duplicates"]
    assert (pair["id"], pair["reference"], pair["title"]) == (first["id"], first["reference"], first["title"])
    assert (pair["state"], pair["country"], pair["language"]) == ("offered", "ZMB", "en")
    assert pair["verdict"] in ("certain", "likely") and pair["shared"] and isinstance(pair["differs"], list)
    routing = answer.doc["routing"]
    assert (routing["lead"], routing["outcome"]) == ("ramsar", "triage"), "as the router would: a person looks"
    twin = site.routed("ZMB", **twin_of(words))
    stored = site.get("country:ZMB", twin["id"])["routing"]
    stored.pop("decided_at")
    assert stored == routing, "the router decides the same"
    new = assess(site, "country:ZMB", "ZMB", title="Seized elephant ivory: which permits are forged?",
                 description="Our customs have seized forty tusks with export permits that look forged. We ask for help "
                             "with checking permits and with training officers at two border posts.")
    assert (new.doc["routing"]["outcome"], new.doc["duplicates"]) == ("offered", [])


def test_reasons_are_in_the_drafts_language(site):
    french = {"language": "fr", "title": "Marais de papyrus du lac asséché, restauration demandée",
              "description": "Depuis 2023 le marais de papyrus de la rive nord, site Ramsar, a perdu un tiers de sa "
                             "surface. Nous demandons deux experts pour évaluer le changement des caractéristiques "
                             "écologiques de la zone humide."}
    answer = assess(site, "country:SEN", "SEN", **french)
    lead = answer.doc["routing"]["candidates"][0]
    assert lead["secretariat"] == "ramsar"
    assert all("le secrétariat de la Convention sur les zones humides" in r["text"] for r in lead["reasons"])
    chinese = site.api("country:SEN", "POST", "/v1/requests:assess", {"country": "SEN", **french}, {"Accept-Language": "zh"})
    assert all("《湿地公约》" in r["text"] for r in chinese.doc["routing"]["candidates"][0]["reasons"])


def test_who_may_assess_what(site):
    words = wetland(f"Lake {name()}")
    first = site.routed("MWI", **words)
    hidden = site.routed("MWI", disclosure="restricted", **twin_of(words, "Restoring the papyrus of the north shore"))
    draft = twin_of(words, "The papyrus swamp, restored")
    own = assess(site, "country:MWI", "MWI", **draft)
    assert set(duplicates(own.doc)) == {first["id"], hidden["id"]}
    desk = assess(site, "coordinator", "MWI", **draft)
    assert duplicates(desk.doc) == [first["id"]], "a restricted text cannot be found out by drafts"
    other = assess(site, "country:MOZ", "MOZ", **draft)
    assert (other.status, other.doc["duplicates"]) == (200, [])
    foreign = assess(site, "country:MOZ", "MWI", **draft)
    assert (foreign.status, foreign.faults()) == (422, {("#/country", "foreign_country")})
    for who in ("secretariat:ramsar", "operator"):
        assert assess(site, who, "MWI", **draft).status == 403
    assert assess(site, None, "MWI", **draft).status == 401


def test_a_draft_is_checked_as_a_submission(site):
    answer = assess(site, "country:MLI", "MLI", title="Short", description="Too short.", languag="en")
    assert answer.status == 422
    assert {"#/title", "#/description", "#/languag"} == {p for p, _ in answer.faults()}
    big = site.api("country:MLI", "POST", "/v1/requests:assess", b"{" + b" " * 70000 + b"}")
    assert big.status == 413
    assert site.api("country:MLI", "GET", "/v1/requests:assess").status == 405


def test_a_draft_leaves_no_trace(make_site):
    site = make_site(workers=1)
    place = name() + name().lower()
    words = wetland(place)
    site.routed("KEN", **words)
    site.workers.pop(1).kill()  # its heartbeat writes
    folder = site.folder
    quiet = len(site.daemons[0].text())

    def aof():
        return {p.name: p.stat().st_size for p in folder.rglob("*aof*") if p.is_file()}

    def keys():
        return site.redis("DBSIZE")
    assess(site, "country:KEN", "KEN", **words)
    before = aof(), keys(), site.stored_n()
    for _ in range(3):
        answer = site.api("country:KEN", "POST", "/v1/requests:assess",
                          {"country": "KEN", "language": "en", **twin_of(words, f"Secret {place} draft of ours")},
                          {"Idempotency-Key": "draft-1", "Prefer": "wait=2"})
        assert answer.status == 200 and len(answer.doc["duplicates"]) == 1
    assert (aof(), keys(), site.stored_n()) == before
    assert place not in site.daemons[0].text()[quiet:] and "Secret" not in site.daemons[0].text()


def test_what_was_decided_or_ended_a_moment_ago_is_seen_by_the_next_draft(site):
    words = wetland(f"Lake {name()}")
    assert assess(site, "country:GMB", "GMB", **words).doc["duplicates"] == []
    first = site.routed("GMB", **words)
    assert duplicates(assess(site, "country:GMB", "GMB", **words).doc) == [first["id"]]
    site.act("country:GMB", first["id"], "withdraw")
    assert assess(site, "country:GMB", "GMB", **words).doc["duplicates"] == []


def test_drafts_while_the_data_are_reloaded(make_site):
    """The corpus of the daemon is thrown away under those who wait for it."""
    site = make_site(workers=1, env={"LIAISON_STORE_TIMEOUT_MS": "20000"})  # a reload takes its time in a debug build
    words = wetland(f"Lake {name()}")
    first = site.routed("KEN", **words)
    stop = threading.Event()
    faults = []

    def ask():
        with site.client("country:KEN") as client:
            while not stop.is_set():
                answer = client("POST", "/v1/requests:assess", {"country": "KEN", "language": "en", **twin_of(words)})
                if answer.status != 200 or duplicates(answer.doc) != [first["id"]]:
                    faults.append(answer)
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for t in threads:
        t.start()
    for n in range(3):
        seen = site.daemons[0].text().count("event=reloaded")
        site.daemons[0].signal(signal.SIGHUP)
        wait_until(lambda: site.daemons[0].text().count("event=reloaded") > seen, 30, "reloaded")
    stop.set()
    for t in threads:
        t.join()
    assert not faults, faults[:3]


def test_a_few_countries_at_a_time_stay_in_memory(make_site):
    most = 1048576
    site = make_site(workers=1, env={"LIAISON_ASSESS_BYTES": str(most)})
    words = wetland(f"Lake {name()}")
    first = site.routed("KEN", **words)

    def held():
        text = site.api(None, "GET", "/metrics").body.decode()
        return {m[1]: int(m[2]) for m in re.finditer(r"^liaison_assess_(\w+) (\d+)$", text, re.M)}

    def ask(client, country):
        answer = client("POST", "/v1/requests:assess", {"country": country, "language": "en", **twin_of(words)})
        assert answer.status == 200, answer
        return duplicates(answer.doc)
    with site.client("coordinator") as client:
        assert ask(client, "KEN") == [first["id"]]
        one = held()
        assert (one["requests"], one["countries"]) == (1, 1)
        others = sorted(who[8:] for who in site.tokens if who.startswith("country:") and who != "country:KEN")
        assert one["bytes"] * len(others) > 1.2 * most, "they do not all have room"
        for n, country in enumerate(others):
            assert ask(client, country) == []
            if n % 20 == 0:  # asked about again and again, it stays
                assert ask(client, "KEN") == [first["id"]]
                now = held()
                assert now["bytes"] <= most and now["countries"] == 1
        for country in others:
            ask(client, country)
        assert held()["countries"] == 0, "unused for longest, it went"

    def at_once(country, answers):
        with site.client("coordinator") as client:
            answers.append((country, ask(client, country)))
    answers = []
    threads = [threading.Thread(target=at_once, args=(c, answers)) for c in ["KEN", *others[:40]]]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(answers) == 41 and dict(answers)["KEN"] == [first["id"]]
