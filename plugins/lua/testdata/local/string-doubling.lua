-- admission budget: failure 93
function admit(peer)
  local s = "x"
  while true do s = s .. s end
end
