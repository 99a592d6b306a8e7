-- admission budget: failure 93, 64 GB
function admit(peer) return string.rep("x", 64 * 1024 * 1024 * 1024) == "" end
