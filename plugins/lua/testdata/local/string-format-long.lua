-- admission budget: failure 93, a float of 309 digits, twice
function admit(peer)
  local n = 1e15
  for _ = 1, 19 do n = n * 1e15 end
  return string.format("%99.99f%99.99f", n, n) == ""
end
