"""A site whose wall clock the test sets (tests/support/shift_clock.c). Monotonic time stays real, so
timers and deadlines inside the programs run as ever."""
import mmap
import struct
import time

from harness import BIN, Site, wait_until

DAY = 86400


def preloads(library):
    """For LD_PRELOAD of our programs: where they have a sanitizer, it must come first."""
    asan = ["libasan.so.8"] if b"libasan.so" in (BIN / "liaison-worker").read_bytes() else []
    return [*asan, str(BIN / f"tests/{library}")]


def shift_file(path, seconds=0.0):
    path.write_bytes(struct.pack("=q", int(seconds * 1000)))
    with path.open("r+b") as file:
        return mmap.mmap(file.fileno(), 8)


class TimedSite(Site):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.shift = 0.0
        self.map = shift_file(self.folder / "shift")
        self.preload = preloads("libshift_clock.so")

    def _spawn(self, cls, name, argv, stdout=False, env=None):
        preload = self.preload[-1:] if name == "redis" else self.preload
        return super()._spawn(cls, name, argv, stdout, {
            "LD_PRELOAD": " ".join(preload), "SHIFT_CLOCK": str(self.folder / "shift"), **(env or {})})

    def jump(self, seconds):
        """Sets all wall clocks so far ahead, or back."""
        self.shift += seconds
        self.map[:] = struct.pack("=q", int(self.shift * 1000))

    def now_ms(self):
        return int((time.time() + self.shift) * 1000)

    def deadlines(self):
        """{id: when its clock demands something, in ms}"""
        out = {}
        for p in range(16):
            found = self.redis("ZRANGE", f"lia:{{p{p:02d}}}:deadlines", "0", "-1", "WITHSCORES")
            out.update({found[i].decode(): int(float(found[i + 1])) for i in range(0, len(found), 2)})
        return out

    def jump_to(self, id, after=0.2):
        """To the moment when that request's clock demands something; returns the instant in ms."""
        wake = self.deadlines()[id]
        self.jump((wake - self.now_ms()) / 1000 + after)
        return wake

    def acts(self, id):
        """(action, degree) of all that the clock did."""
        clocks = ("remind", "open", "expire", "lapse", "release", "close", "escalate")
        return [(e["action"], int(e.get("degree", 0))) for e in self.events(id)
                if e["actor"] == "system" and e["action"] in clocks]

    def wait_acts(self, id, n, seconds=5):
        return wait_until(lambda: self.acts(id) if len(self.acts(id)) >= n else None, seconds, f"{n} acts of the clock")
