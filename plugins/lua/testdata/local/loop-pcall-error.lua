-- admission budget: failure 92
function admit(peer)
  while true do pcall(error, "again") end
end
