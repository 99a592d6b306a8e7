-- difficulty result: not a u256
function target(chain)

  return 'x'
end
