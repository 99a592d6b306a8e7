-- allowlist: only peers of a list may connect, and only to them does this node
-- connect.
-- Parameters:
--   hosts     addresses, separated by commas or spaces; one that ends with . or
--             : stands for all that begin with it, as 192.168.
--             ("127.0.0.1, ::1, localhost")
--   inbound   true: ask the list only when a peer connects to this node, who
--             then connects to whom it likes (false)

local hosts = params.hosts or "127.0.0.1, ::1, localhost"
local inbound_only = params.inbound or false

local exact, beginnings = {}, {}

local function add(host)
  local last = string.sub(host, -1)
  if host == "" then
    return
  elseif last == "." or last == ":" then
    table.insert(beginnings, host)
  else
    exact[host] = true
  end
end

local from = 1
for i = 1, #hosts do
  local c = string.sub(hosts, i, i)
  if c == "," or c == " " then
    add(string.lower(string.sub(hosts, from, i - 1)))
    from = i + 1
  end
end
add(string.lower(string.sub(hosts, from)))

function admit(peer)
  if inbound_only and not peer.inbound then
    return true
  end
  local host = string.lower(peer.host)
  if exact[host] then
    return true
  end
  for _, beginning in ipairs(beginnings) do
    if string.sub(host, 1, #beginning) == beginning then
      return true
    end
  end
  return false, "not on the list"
end
