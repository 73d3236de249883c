// GateFolder MODEL FOLDER: exits 0 where the folder's images may pass, 2 where not, 3 where that cannot be told.
import Foundation
import Surprisal

guard CommandLine.arguments.count == 3 else { exit(64) }
let model = try Model(path: CommandLine.arguments[1])

var policy = Policy()
policy.rule = .falsePositiveRate(0.01)
policy.maxOutliers = try Allowance("5%", of: "maxOutliers")

let outcome = try Gate(policy).run([CommandLine.arguments[2]], under: model) { record in
  print(record.path, record.error ?? record.reason ?? "")
}
print(outcome.decision.reason)
switch outcome.decision {
case .passed: exit(0)
case .failed: exit(2)
case .undecided: exit(3)
}
