-- difficulty error: failure 99, refused before it runs
function target(chain)
  math = nil
  return chain:target(0)
end
