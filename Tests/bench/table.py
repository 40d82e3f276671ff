"""The results of the bench as one Markdown table, and all of them in one JSON file.

    python table.py RESULTS_DIR BENCH_JSON      RESULTS_DIR/{chain,…}.json: what run.sh measures, each as it leaves it

A result that holds only "error" becomes a row that gives the reason. Judges nothing but the targets beside it.
"""
import datetime
import json
import os
import pathlib
import platform
import subprocess
import sys

ROWS = []


def number(value):
    """Three significant digits, no exponent."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def row(measure, bobbin, peer="", ratio=None, target="", met=None):
    ROWS.append((
        measure, bobbin, peer, "" if ratio is None else f"{number(ratio)}×", target,
        "" if met is None else "yes" if met else "**no**"))


def milliseconds(value):
    return f"{number(value)} ms" if value >= 1 else f"{number(value * 1000)} µs"


def chain(result):
    whole = result["whole"]
    row(f"whole chain, {whole['documents']} documents, {whole['chunks']} chunks, all embedded anew",
        f"{number(whole['documents_per_second'])} documents/s, {number(whole['documents_per_cpu_second'])} a CPU-second")
    for stage, one in result["stages"].items():
        row(f"{stage} alone",
            f"{number(one['documents_per_second'])} documents/s, {number(one['documents_per_cpu_second'])} a CPU-second")


def chunk(result):
    names = {"mixed": "chunker, mixed texts (fixtures/chunk)", "prose": "chunker, prose in short paragraphs (handbook)"}
    for name, one in result.items():
        ratio = one.get("ratio")
        row(names[name], f"{number(one['bobbin'])} MB/CPU-s",
            f"LangChain {number(one['langchain'])} MB/CPU-s" if ratio else "not installed", ratio, "≥ 50×",
            ratio >= 50 if ratio else None)


def embed(result):
    if "onnx" not in result:
        row("embedder, passages", f"{number(result['passagesPerCPUSecond'])}/CPU-s", "not installed", target="≥ 1.5×")
        return
    for name, key, target in (("passages", "passagesPerCPUSecond", 1.5), ("questions", "queriesPerCPUSecond", None)):
        ratio = result[f"ratio {key}"]
        row(f"embedder, {name} (kernels {result['bobbin']['kernels']})", f"{number(result['bobbin'][key])}/CPU-s",
            f"ONNX Runtime {result['onnxruntime']} fp32 {number(result['onnx'][key])}/CPU-s", ratio,
            f"≥ {target}×" if target else "", ratio >= target if target else None)


def search(result):
    for one in result["search"]:
        row(f"search, {one['rows']:,} rows, p50 (recall@10 {one['recall_at_10']:.3f})",
            milliseconds(one["shard_p50_us"] / 1000),
            f"faiss {result['faiss']} exact {milliseconds(one['faiss_p50_us'] / 1000)}", one["ratio"], "≥ 1×", one["ratio"] >= 1)


def memory(one):
    return f"{number(one['resident'])} MB ({number(one['anonymous'])} own, {number(one['file'])} of files)"


def server(result):
    many = result["many"]
    row("cold start, exec to first 200, median of 10", f"{number(result['cold_start_ms'])} ms", target="≤ 100 ms",
        met=result["cold_start_ms"] <= 100)
    for name, key, limit in (("before the first question", "before_first_question", 60),
                             ("after it (model resident)", "after_first_question", 150)):
        row(f"resident memory {name}", memory(result[key]), target=f"≤ {limit} MB", met=result[key]["resident"] <= limit)
    row(f"with {many['shards']:,} shards ({number(many['segment_megabytes'])} MB) present", memory(many["present"]))
    row(f"after a question to each of {many['shards']:,}", memory(many["asked"]))


def rate(one):
    return f"{number(one['requests_per_second'])} requests/s, p50 {number(one['p50_ms'])} ms, p99 {number(one['p99_ms'])} ms"


def chat(result):
    for one in result.get("loads", ()):
        bobbin, is_greeting = one["bobbin"], one.get("greeting")
        name = f"{one['connections']} connection{'' if one['connections'] == 1 else 's'}"
        asked = "a greeting, nothing looked up" if is_greeting else "quoting"
        ours = f"{rate(bobbin)}, {number(bobbin['cpu_ms_per_request'])} CPU-ms each"
        peers = [
            (key, words) for key, words in (("plain", "answers from memory"), ("embedding", "embeds the question"))
            if key in one]
        for key, words in peers or [(None, None)]:
            peer = one.get(key)
            # The target is of the endpoint as it is served; the greeting only shows what HTTP and rows cost.
            has_target = not is_greeting
            row(f"chat with session, limits, quota and history, {asked}, {name}", ours,
                f"FastAPI {result['fastapi']}, {words}: {rate(peer)}" if peer else "not installed",
                one[f"ratio_{key}"] if peer else None, "≥ 5×, p99 no worse" if has_target else "",
                one[f"ratio_{key}"] >= 5 and bobbin["p99_ms"] <= peer["p99_ms"] if peer and has_target else None)
    if sync := result.get("sync_ms"):
        row("a synced write of 4 KiB where the rows of both stand, median of 200", milliseconds(sync))
    if storm := result.get("storm"):
        row("p99 of 32 connections that chat, without and with 200 logins at once",
            f"{number(storm['before']['p99_ms'])} ms and {number(storm['during']['p99_ms'])} ms "
            f"({storm['signed_in']} signed in meanwhile)", ratio=storm["ratio"], target="< 2×", met=storm["ratio"] < 2)
    if streams := result.get("streams"):
        row(f"resident memory with {streams['open']:,} event streams open (before: {number(streams['before']['resident'])} MB)",
            f"{memory(streams['memory'])}; {number(streams['cores_busy'])} cores busy; a question meanwhile: median "
            f"{number(streams['question_median_ms'])} ms (alone {number(streams['question_alone_median_ms'])} ms)",
            target="2,000 in ≤ 300 MB",
            met=streams["open"] == streams["heard_from"] == 2000 and streams["memory"]["resident"] <= 300)


def slow(result):
    alone = result["alone"]
    words = {
        "heads": "heads that drip (-H)", "bodies": "bodies that drip (-B)", "ranges": "thousands of ranges (-R)",
        "readers": "readers of five bytes a second (-X)"}
    for name, one in result["attacks"].items():
        held = one["held"]
        row(f"p99 of 80 questions a second beside slowhttptest with 1,000 connections: {words[name]}",
            (f"{number(held['p99_ms'])} ms in the {number(one['held_seconds'])} s that all are open" if held else "all were ended at once")
            + f"; {number(one['arriving']['p99_ms'])} ms while 200 arrive at once each second (alone {number(alone['p99_ms'])} ms)",
            ratio=one.get("ratio"), target="< 2×", met=held and one["ratio"] < 2)


def spool(result):
    for one in result["cases"]:
        records, peer, is_grouped = one["recordsPerItem"], one.get("celery"), one["group"] > 1
        row(f"spool, empty stage, {records} record{'' if records == 1 else 's'} an item, "
            + (f"group commit of {one['group']}" if is_grouped else "each item synced alone"),
            f"{number(one['itemsPerSecond'])} items/s, {number(one['publishItemsPerSecond'])} published/s",
            f"Celery {result['celery']} + Redis {result['redis']}, fsync always: {number(peer['always']['itemsPerSecond'])} items/s, "
            f"{number(peer['always']['publishItemsPerSecond'])} published/s (never synced: "
            f"{number(peer['memory']['itemsPerSecond'])}, {number(peer['memory']['publishItemsPerSecond'])})"
            if peer else f"not measured: {result['reason']}",
            one.get("ratio"), "≥ 3×" if is_grouped else "", one["ratio"] >= 3 if is_grouped and peer else None)
    one = result["recovery"]
    row(f"kill -9 with {one['queued']:,} items queued: exec of the next worker to its first claim, median of {len(one['milliseconds'])}",
        f"{number(one['medianMilliseconds'])} ms, slowest {number(max(one['milliseconds']))} ms", target="≤ 1 s",
        met=max(one["milliseconds"]) <= 1000)


def answers(result):
    found = result.get("retrieval", {})
    for name, one in list(result.items()):
        if "error" in one:
            row(f"answers: {name}", f"not measured: {one['error']}")
            result = {key: value for key, value in result.items() if key != name}
    for one in found.get("retrieval", ()):
        def times(side, key):
            return f"{milliseconds(side[key]['p50_ms'])} / {milliseconds(side[key]['p99_ms'])}"

        def cell(side):
            return (f"{times(side, 'both')} ({times(side, 'cpu')} of CPU time); the question's embedding {times(side, 'embed')}, "
                    f"the search {times(side, 'search')}")
        has_target = one["rows"] == 20_000
        row(f"retrieval, {one['rows']:,} chunks, {found['questions']} questions, one core, p50 / p99", cell(one["bobbin"]),
            f"ONNX Runtime {found['onnxruntime']} + faiss {found['faiss']} exact + bm25s {found['bm25s']}: {cell(one['peer'])}",
            one["ratio"], "p99 ≤ 10 ms" if has_target else "", one["bobbin"]["both"]["p99_ms"] <= 10 if has_target else None)
    if one := result.get("gate"):
        row(f"output gate, {one['privatePassages']} private passages of {one['privateWords'] // one['privatePassages']} words, "
            "a benign reply by tokens of 4 characters",
            f"{number(one['microsecondsPerToken'])} µs of CPU time a token, p99 {number(one['tokenP99Microseconds'])} µs; "
            f"making the gate {milliseconds(one['buildMilliseconds'])}")
    if one := result.get("first"):
        stub, sentence = one["stub"], one["first_token_ms"] + one["gap_ms"] * (one["first_sentence_tokens"] - 1)
        sent = {
            "strict": (stub["p50_ms"], f"the stub asked directly: {number(stub['p50_ms'])} ms"),
            "blended": (stub["p50_ms"] + sentence - one["first_token_ms"],
                        f"the stub ends its first sentence after {sentence} ms and begins the next {one['gap_ms']} ms later")}
        for mode, (least, words) in sent.items():
            times = one[mode]
            row(f"first byte of text, {mode}, a model whose first token takes {one['first_token_ms']} ms, {one['chats']} chats in turn",
                f"p50 {number(times['p50_ms'])} ms, p99 {number(times['p99_ms'])} ms; {number(times['p50_ms'] - least)} ms more "
                f"than {'the model alone' if mode == 'strict' else 'the end of the first sentence'} at p50, "
                f"{number(times['p99_ms'] - least)} at p99", words)
    if one := result.get("beside"):
        ratio = one["with"]["p50_ms"] / one["without"]["p50_ms"]
        row(f"quoted answers to {one['questions']} public questions, a chatbot with a learn-only source beside one without, "
            f"in turn, {one['servers']} servers",
            f"p50 {milliseconds(one['with']['p50_ms'])} with, {milliseconds(one['without']['p50_ms'])} without, "
            f"{(ratio - 1) * 100:+.1f} %; {one['same_answers'] * 100:.1f} % the same answer",
            target="medians within 5 %", met=abs(ratio - 1) <= 0.05)
        pair = one["blended"]
        ratios = [pair["with"][what]["p50_ms"] / pair["without"][what]["p50_ms"] for what in ("first", "end")]
        row(f"blended answers to {pair['questions']} questions that a learn-only source is near to, a chatbot with it beside one "
            "without, in turn",
            f"first text p50 {milliseconds(pair['with']['first']['p50_ms'])} with, "
            f"{milliseconds(pair['without']['first']['p50_ms'])} without, {(ratios[0] - 1) * 100:+.1f} %; end "
            f"{milliseconds(pair['with']['end']['p50_ms'])} and {milliseconds(pair['without']['end']['p50_ms'])}, "
            f"{(ratios[1] - 1) * 100:+.1f} %",
            target="medians within 5 %", met=all(abs(ratio - 1) <= 0.05 for ratio in ratios))
    for mode in ("strict", "blended"):
        if one := result.get("streams", {}).get(mode):
            wanted = result["streams"]["wanted"]
            whole = one["open"] == one["begun"] == wanted
            row(f"resident memory with {one['open']:,} answers on their way, {mode} (before: {number(one['before']['resident'])} MB)",
                f"{memory(one['memory'])}, {number(one['kilobytes_each'])} kB each; {number(one['cores_busy'])} cores busy at a "
                "token a second each" + ("" if whole else f"; only {one['begun']:,} of {wanted:,} begun: {one['problem']}"))


def kilobytes(count):
    return f"{count / 1000:.1f} kB"


def pages(result):
    loader = result["loader"]
    row("loader script, compressed (plain)", f"{kilobytes(loader['compressed_bytes'])} ({kilobytes(loader['plain_bytes'])})",
        # As its users measured it; the table's own run does not load it.
        "Chatwoot's widget script, as reported in chatwoot#2658: 170.4 KiB", 170.4 * 1024 / loader["compressed_bytes"], "≤ 10 kB",
        loader["compressed_bytes"] <= 10_000)
    targets = {"chat": (60_000, 6), "dashboard": (None, None)}
    for name, words in (("chat", "chat page"), ("dashboard", "dashboard, signed in")):
        for visit in ("cold", "warm"):
            one = result[name][visit]
            most_bytes, most_requests = targets[name] if visit == "cold" else (None, None)
            row(f"{words}, {visit}",
                f"{one['requests']} requests, {kilobytes(one['bytes'])} over the wire; first paint {number(one['paint_ms'])} ms, largest "
                f"{number(one['largest_paint_ms']) if one['largest_paint_ms'] is not None else '–'} ms, layout shift {one['layout_shift']}, usable "
                f"after {number(one['interactive_ms'])} ms, main thread blocked for {number(one['blocked_ms'])} ms",
                target=f"≤ {most_bytes // 1000} kB, ≤ {most_requests} requests" if most_bytes else "",
                met=one["bytes"] <= most_bytes and one["requests"] <= most_requests if most_bytes else None)


def deliveries(result):
    alive, dead = result["alive"], result["one_dead"]
    row(f"messages to CRMs, {result['endpoints']} endpoints, 100 due at each",
        f"{number(alive['per_second'])} messages/s, {number(alive['cpu_ms_each'])} CPU-ms each; p99 of arrival {number(alive['others']['p99_ms'])} ms")
    factor = dead["others"]["p99_ms"] / alive["others"]["p99_ms"]
    row("the same with one that never answers: the others' p99 of arrival",
        f"{number(dead['others']['p99_ms'])} ms; {number(dead['per_second'])} messages/s", "", factor, "< 2×", factor < 2)


def payments(result):
    for count, one in result["bobbin"].items():
        peer = result.get("peer", {}).get(count)
        row(f"events of Stripe, checked, journalled, applied; {count} at a time",
            f"{number(one['per_second'])} events/s, {number(one['cpu_ms_each'])} CPU-ms each, p99 {number(one['p99_ms'])} ms",
            f"FastAPI + stripe-python {number(peer['per_second'])} events/s, {number(peer['cpu_ms_each'])} CPU-ms each, "
            f"p99 {number(peer['p99_ms'])} ms" if peer else "", peer and one["per_second"] / peer["per_second"])


def crawl(result):
    def cell(one):
        return (f"{number(one['cpu_seconds_per_1000'])} CPU-s for 1,000 pages; {number(one['pages_per_second'])} pages/s, {one['pages']:,} "
                "read")
    if one := result.get("scrapy"):
        peer = one.get("scrapy")
        row(f"reading a site: {' and '.join(one['packages'])} behind nginx, one request at a time, no pause", cell(one["bobbin"]),
            f"Scrapy {one['version']}, nothing kept: {cell(peer)}" if peer else "not installed", one.get("ratio"), "≥ 3× a CPU-second",
            one["ratio"] >= 3 if peer else None)
    if one := result.get("memory"):
        row(f"peak memory of bobbin-fetch, a crawl of {one['pages']:,} pages",
            f"{number(one['peak_mb'])} MB; {number(one['cpu_seconds_per_1000'])} CPU-s for 1,000 small pages", target="≤ 150 MB",
            met=one["peak_mb"] <= 150)
    if one := result.get("again"):
        first, second = one["first"], one["again"]
        row(f"{one['pages']:,} pages read again, none changed: share of the first run's CPU time, all stages",
            f"{number(100 * one['share'])} % ({number(second['cpu_seconds'])} of {number(first['cpu_seconds'])} CPU-s without the model's); "
            f"{second['embedded']} of {first['embedded']:,} texts embedded", target="≤ 10 %, none embedded",
            met=one["share"] <= 0.1 and second["embedded"] == 0)


def machine():
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    return {
        "cpu": models[0] if models else platform.machine(), "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(), "date": datetime.date.today().isoformat(), "commit": commit,
        "load_before": float(os.environ.get("BENCH_LOAD", "0"))}


def main():
    folder, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    results = {"machine": machine()}
    for show in (chain, chunk, embed, search, server, chat, slow, spool, answers, pages, deliveries, payments, crawl):
        file = folder / f"{show.__name__}.json"
        if not file.exists():
            continue
        result = results[show.__name__] = json.loads(file.read_text(encoding="utf-8"))
        if set(result) == {"error"}:
            row(show.__name__, f"not measured: {result['error']}")
        else:
            show(result)
    out.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print("| measure | Bobbin | peer | ratio | target | met |\n|---|---|---|---|---|---|")
    for cells in ROWS:
        print("| " + " | ".join(cells) + " |")
    given = results["machine"]
    print(f"\n{given['cpu']}, {given['cores']} cores, Linux {given['kernel']}, {given['date']}, {given['commit'] or 'no commit'}; `make bench`.")
    print("MB are 10⁶ bytes; a CPU-second counts all threads and children. Splitter, embedder and search: one thread, in turns "
          "with the peer. Search vectors are synthetic, clustered; Bobbin's rows are int8, faiss's f32.")
    if given["load_before"] > 0.5:
        print(f"The machine was not idle: load {given['load_before']} at the start. Ratios hold better than times.")


main()
