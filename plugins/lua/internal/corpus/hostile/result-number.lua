-- difficulty result: a number is not a u256
function target(chain)

  return 5
end
