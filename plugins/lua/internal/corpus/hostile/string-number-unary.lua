-- difficulty error: a text is not a number
function target(chain)
  local x = -'10'
  return chain:target(0)
end
