-- admission budget: failure 93, pcall does not catch it
function admit(peer)
  pcall(string.rep, "x", 1e9)
  return true
end
