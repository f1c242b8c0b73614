-- One CreatePayment a request, each with an id of its own.
local threads = 0
function setup(thread)
  thread:set("thread_number", threads)
  threads = threads + 1
end
local prefix, sent = "", 0
function init(arguments) prefix = (arguments[1] or "bench") .. "-" .. thread_number .. "-" end
function request()
  sent = sent + 1
  local body = '{"paymentId":"' .. prefix .. sent .. '","organizationId":"org-' .. (sent % 100) ..
    '","userId":"user-' .. (sent % 1000) .. '","amount":"' .. (sent % 10000 + 1) .. '.25","currency":"EUR",' ..
    '"description":"Rent and maintenance for the harbour office","metadata":{"tags":["rent","office"]}}'
  return wrk.format("POST", "/v1/payments/commands/CreatePayment", {["Content-Type"] = "application/json"}, body)
end
local refused = 0
function response(status) if status ~= 201 then refused = refused + 1 end end
