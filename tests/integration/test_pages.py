"""The web pages as the daemon serves them: addresses, codings, tags, policy, languages."""
import gzip
import json
import re

import pytest
from harness import PAGES

pytestmark = pytest.mark.skipif(not (PAGES / "pages.csv").exists(), reason="the pages are not built (no npm)")
LANGUAGES = {"ar": ("ar", "rtl"), "zh": ("zh-Hans", "ltr"), "en": ("en", "ltr"), "fr": ("fr", "ltr"), "ru": ("ru", "ltr"),
             "es": ("es", "ltr")}
ROW = re.compile(r"^(/[^,]*),([^,]*),([a-z]*),(yes|no),([^,\n]*)$", re.M)


def table():
    return ROW.findall((PAGES / "pages.csv").read_text())


def test_every_page_is_served_in_each_coding(site):
    assert len(table()) >= 8
    for path, kind, language, fixed, file in table():
        plain = (PAGES / file).read_bytes()
        tags = set()
        for accepts, coding, ending in ((None, None, ""), ("gzip", "gzip", ".gz"), ("gzip, br", "br", ".br")):
            with site.client() as client:
                answer = client("GET", path, headers={"Accept-Encoding": accepts})
            form = (PAGES / (file + ending)).read_bytes()
            if len(form) >= len(plain):
                form, coding = plain, None
            assert answer.status == 200 and answer.body == form, (path, accepts)
            assert answer.headers.get("content-encoding") == coding
            assert answer.headers["content-type"] == kind
            assert answer.headers.get("content-language", "") == language
            assert "Accept-Encoding" in answer.headers["vary"]
            assert ("immutable" in answer.headers["cache-control"]) == (fixed == "yes")
            assert len([k for k, _ in answer.pairs if k == "cache-control"]) == 1
            tags.add(answer.headers["etag"])
            again = site.api(None, "GET", path, headers={"Accept-Encoding": accepts, "If-None-Match": answer.headers["etag"]})
            assert again.status == 304 and not again.body
        assert len(tags) >= 1 and all(t.startswith('"') for t in tags)


def test_nothing_else_of_the_folder_is_served(site):
    for path in ("/pages.csv", "/en.gz", "/_/en", "/en/../pages.csv", "/_/..%2fpages.csv", "/_/%2e%2e/pages.csv", "/_/", "/_",
                 "//en", "/en/", "/etc/passwd"):
        answer = site.api(None, "GET", path)
        assert answer.status in (400, 404), path
        assert answer.headers["content-type"] == "application/problem+json"
    refused = site.api(None, "POST", "/en", {})
    assert refused.status == 405 and refused.headers["allow"] == "GET, HEAD"
    head = site.api(None, "HEAD", "/en")
    assert head.status == 200 and not head.body and int(head.headers["content-length"]) > 1000


def parted(text):
    """The page, and the words that came with it: data, which no browser runs."""
    block = re.search(r'<script type="application/json" id="words">([^<]*)</script>\n', text)
    return text.replace(block[0], ""), json.loads(block[1])


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_front_page_is_whole_in_each_language(site, code):
    tag, direction = LANGUAGES[code]
    answer = site.api(None, "GET", "/", headers={"Accept-Language": f"{code};q=0.9, xx"})
    assert answer.headers["content-language"] == code and "Accept-Language" in answer.headers["vary"]
    assert answer.body == site.api(None, "GET", f"/{code}").body
    text = answer.body.decode()
    assert f'<html lang="{tag}" dir="{direction}"' in text
    bar = re.search(r'<nav class="languages".*?</nav>', text, re.S)[0]
    assert re.findall(r'href="/(..)"', bar) == list(LANGUAGES)  # the order of the United Nations
    shown, words = parted(text)
    assert "{" not in re.sub(r"<[^>]*>", "", shown)
    assert {"web.sign_in", "web.new"} <= words.keys() and "front.title" not in words
    for name in (i["name"][code] for i in site.api("coordinator", "GET", "/v1/secretariats").doc["items"]):
        assert name.replace("&", "&amp;") in text


def test_the_policy_is_strict_and_what_it_forbids_is_not_there(site):
    answer = site.api(None, "GET", "/en")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    text, _ = parted(answer.body.decode())
    assert not re.search(r"<style|<script(?![^>]*src=)| style=| on[a-z]+=|https?://", text)
    links = re.findall(r'(?:href|src)="(/_/[^"]*)"', text)
    assert links and {path for path, *_ in table()} >= set(links)


def test_a_first_visit_to_the_front_page_is_small(site):
    text = site.api(None, "GET", "/en").body.decode()
    paths = ["/en", *re.findall(r'(?:href|src)="(/_/[^"]*)"', text)]
    paths = list(dict.fromkeys(paths))
    bytes_n = sum(len(gzip.compress(site.api(None, "GET", path).body)) for path in paths)
    assert len(paths) <= 6 and bytes_n <= 60 * 1024, (paths, bytes_n)
