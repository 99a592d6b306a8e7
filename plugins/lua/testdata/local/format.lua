-- admission ok: what format does
function admit(peer)
  assert(string.format("%d %5d|%-5d|%05d %x %X %s %s %.2f %%", 1, 2, 3, 4, 255, 255, "a", true, 1.239) == "1     2|3    |00004 ff FF a true 1.24 %")
  assert(("%s-%s"):format(u256(7), nil) == "7-nil")
  return true
end
