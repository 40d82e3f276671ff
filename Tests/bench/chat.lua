-- wrk's part in the bench of the server: questions in turn by POST, and the result as one line of JSON.
--
--   wrk -t2 -c8 -d10s -s chat.lua URL -- PATH BODIES      BODIES: one request body a line

local threads = 0

function setup(thread)
  thread:set("offset", threads * 37)
  threads = threads + 1
end

function init(arguments)
  requests, turn = {}, offset
  for body in io.lines(arguments[2]) do
    requests[#requests + 1] =
      wrk.format("POST", arguments[1], { ["Content-Type"] = "application/json" }, body)
  end
end

function request()
  turn = turn + 1
  return requests[turn % #requests + 1]
end

function done(summary, latency, _)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format(
    '\n{"requests_per_second":%.1f,"p50_ms":%.2f,"p99_ms":%.2f,"requests":%d,"failed":%d}\n',
    summary.requests / summary.duration * 1e6, latency:percentile(50) / 1000,
    latency:percentile(99) / 1000, summary.requests, failed))
end
