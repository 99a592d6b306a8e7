-- admission budget: failure 93
function admit(peer) return string.rep("xy", 9007199254740992) == "" end
