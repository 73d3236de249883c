// TrainAndScan GOOD NEW: learns what belongs from the images in GOOD, then lists those in NEW that do not.
import Foundation
import Surprisal

guard CommandLine.arguments.count == 3 else { exit(64) }
let (good, new) = (CommandLine.arguments[1], CommandLine.arguments[2])

var training = Training(shape: ImageShape(height: 32, width: 32, channels: 3))
training.minutes = 5
let model = try training.run([good]) { event in
  if case .validated(let step, let bits, _) = event { print("step \(step): \(bits) bits/dim") }
}
guard let model else { exit(1) }
try model.write(to: "good.safetensors")

// One image in a hundred that belongs is flagged as well.
let judge = try Judge(model, rate: 0.01)
var scan = Scan()
scan.rule = .falsePositiveRate(0.01)
let summary = try scan.run([new], by: judge) { record in
  if record.outlier == true { print(record.path, record.pValue ?? 1, record.reason ?? "") }
}
print("\(summary.outliers) of \(summary.scored) do not belong")
