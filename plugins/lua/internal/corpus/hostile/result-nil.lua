-- difficulty result: no answer
function target(chain)

  return
end
