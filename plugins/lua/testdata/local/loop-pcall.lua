-- admission budget: failure 92, pcall does not hide a script from the limits
function admit(peer)
  while true do pcall(function() while true do end end) end
end
