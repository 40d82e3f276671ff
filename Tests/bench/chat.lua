-- wrk's part in the bench of the chat: one question of each visitor in turn by POST, and the result as one line of JSON.
--
--   wrk -tTHREADS -cN -dNs -s chat.lua URL -- VISITORS THREADS      VISITORS: PATH, TOKEN, ADDRESS, BODY a line, by tabs
--
-- Each thread has visitors of its own and goes round them, so that no session asks more often than its limit allows.

local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(arguments)
  requests, turn = {}, 0
  local line_number = 0
  for line in io.lines(arguments[1]) do
    line_number = line_number + 1
    if line_number % tonumber(arguments[2]) == number then
      local path, token, address, body = line:match("^(.-)\t(.-)\t(.-)\t(.*)$")
      requests[#requests + 1] = wrk.format("POST", path, {
        ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. token,
        ["X-Forwarded-For"] = address }, body)
    end
  end
end

function request()
  turn = turn + 1
  return requests[turn % #requests + 1]
end

-- `refused` had an answer of 400 or more, `broken` none.
function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests_per_second":%.1f,"p50_ms":%.2f,"p99_ms":%.2f,"longest_ms":%.2f,"requests":%d,"refused":%d,"broken":%d}\n',
    summary.requests / summary.duration * 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    latency.max / 1000, summary.requests, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
