"""Why: script/learn must know what is right: lead, support and confidence against labelled cases.

Judged are tuples (case, seen, supporters): a case as in tests/cases/routing/README.md, what the
program saw in it (liaison assess --features), and whom it would ask to support.
"""
import collections

TRIAGE_COSTS = 0.5  # a need of ours sent away, besides the lost point


def is_strict(case, seen):
    return seen["lead"] == case["gold"]["lead"]


def is_lenient(case, seen):
    return is_strict(case, seen) or seen["lead"] in case["gold"]["acceptable_leads"]


def gold_support(case, seen):
    """Supporters; a lead and a supporter that both may lead can change places."""
    support = set(case["gold"]["support"])
    if is_lenient(case, seen) and not is_strict(case, seen):
        support = (support | {case["gold"]["lead"]}) - {seen["lead"]}
    return support


def worth(case, seen):
    false_triage = seen["lead"] is None and case["gold"]["lead"] is not None
    return is_strict(case, seen) + 0.5 * is_lenient(case, seen) - TRIAGE_COSTS * false_triage


def percent(part, whole):
    return f"{100 * part / whole:5.1f}" if whole else "    -"


def table_row(name, judged):
    """judged: (case, seen, supporters) of held-out cases."""
    inside = [j for j in judged if j[0]["gold"]["lead"]]
    outside = [j for j in judged if not j[0]["gold"]["lead"]]
    tp = sum(len(s & gold_support(c, x)) for c, x, s in judged)
    said, true = sum(len(s) for _, _, s in judged), sum(len(gold_support(c, x)) for c, x, _ in judged)
    print(f"{name:24} {len(judged):4}", percent(sum(is_strict(c, x) for c, x, _ in judged), len(judged)),
          percent(sum(is_lenient(c, x) for c, x, _ in judged), len(judged)),
          percent(sum(x["lead"] is None for _, x, _ in inside), len(inside)),
          percent(sum(x["lead"] is None for _, x, _ in outside), len(outside)),
          percent(tp, said), percent(tp, true), percent(2 * tp, said + true))


def print_tables(judged):
    print(f"{'held out':24}    n strict lenie false outsd sup P sup R    F1")
    table_row("all", judged)
    for member in ("fold", "language", "difficulty"):
        for value in sorted({c[member] for c, _, _ in judged}):
            table_row(f"{member} {value}", [j for j in judged if j[0][member] == value])
    pairs = collections.Counter((str(c["gold"]["lead"]), str(x["lead"])) for c, x, _ in judged)
    codes = sorted({code for pair in pairs for code in pair})
    print(f"\n{'lead: gold / proposed':24}" + "".join(f"{code[:7]:>8}" for code in codes))
    for gold in codes:
        print(f"{gold:24}" + "".join(f"{pairs[gold, code] or '.':>8}" for code in codes))
    print("\nconfidence          leads  right  mean")
    for low in (0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95):
        high = {0: 0.5, 0.9: 0.95, 0.95: 1.01}.get(low, low + 0.1)
        part = [(c, x) for c, x, _ in judged if x["lead"] and low <= x["sure_now"] < high]
        if part:
            print(f"{low:4.2f} to {min(high, 1):4.2f}       {len(part):5}",
                  percent(sum(is_strict(c, x) for c, x in part), len(part)),
                  percent(sum(x["sure_now"] for _, x in part), len(part)))
