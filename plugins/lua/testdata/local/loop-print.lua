-- admission budget: failure 92
function admit(peer) while true do print("again") end end
