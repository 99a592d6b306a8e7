-- difficulty error: failure 98
function target(chain)
  channel.make()
  return chain:target(0)
end
