-- netgroup: only some peers of one network group (the first 16 bits of an
-- IPv4 address, 32 of an IPv6 one). Whoever wants to surround a node needs
-- addresses in many groups, and those are what is hard to get. Connections
-- that this node opens count stricter: they are the ones that it relies on.
-- Parameters:
--   inbound   peers of one group that may connect to this node (4)
--   outbound  peers of one group that this node connects to (1)
--   private   true: count loopback and private addresses as well (false)

local inbound = params.inbound or 4
local outbound = params.outbound or 1
local private = params.private or false
assert(inbound >= 0 and outbound >= 0, "params.inbound and params.outbound must not be negative")

-- Groups of 172.16.0.0/12.
local between = {}
for i = 16, 31 do
  between["172." .. i] = true
end

local function starts(text, with)
  return string.sub(text, 1, #with) == with
end

-- Names are not addresses: "10.example" is as far away as any.
local function is_ipv4(host)
  for i = 1, #host do
    local c = string.sub(host, i, i)
    if c ~= "." and (c < "0" or c > "9") then
      return false
    end
  end
  return true
end

-- Loopback, private and link-local addresses: nobody far away has one.
local function is_near(host)
  host = string.lower(host)
  if starts(host, "::ffff:") then
    host = string.sub(host, 8) -- IPv4 written as IPv6
  end
  if host == "localhost" or host == "::1" then
    return true
  end
  if string.find(host, ":", 1, true) then
    local two, three = string.sub(host, 1, 2), string.sub(host, 1, 3)
    return two == "fc" or two == "fd" or three == "fe8" or three == "fe9" or three == "fea" or three == "feb"
  end
  return is_ipv4(host) and (starts(host, "127.") or starts(host, "10.") or starts(host, "192.168.")
    or starts(host, "169.254.") or (between[string.sub(host, 1, 6)] and string.sub(host, 7, 7) == "."))
end

function admit(peer)
  if not private and is_near(peer.host) then
    return true
  end
  local most, direction = outbound, "outbound"
  if peer.inbound then
    most, direction = inbound, "inbound"
  end
  if peer.netgroup_count >= most then
    return false, "there are " .. peer.netgroup_count .. " " .. direction .. " peers of the group " .. peer.netgroup .. " already"
  end
  return true
end
