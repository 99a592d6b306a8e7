-- difficulty error: gopher-lua would read it as octal or not
function target(chain)
  local x = 0010
  return chain:target(0)
end
