-- open: every peer may connect.
-- Faults are punished as without a script: a day's ban for breaking a rule.
-- Parameters: none.

function admit(peer)
  return true
end
