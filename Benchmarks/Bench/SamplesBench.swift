import ArgumentParser
import Detection
import Foundation
import Surprisal
import Tensors

/// How close the scores of the model's own samples come to those of real images, over the reverse family.
struct SamplesBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "samples", abstract: "Kolmogorov-Smirnov distance of samples' scores to real references'.")

  @Option(help: "Model file.") var model = "models/fashion-mnist.safetensors"
  @Option(help: "Samples of each kind.") var count = 200
  @Option(parsing: .upToNextOption, help: "s of the family: 0 the ODE, 1 the SDE.") var noise = [
    0.0, 0.5, 1.0,
  ]
  @Option(parsing: .upToNextOption, help: "Steps of the noise-level grid.") var steps = [32, 64, 128]

  func run() throws {
    let model = try Model(path: model)
    let calibration = try model.calibration(evaluations: 16)
    let scorer = try Scorer(model)
    print(
      "\(count) samples each; distance of their scores to \(calibration.referenceCount) real ones'"
    )
    print(
      "   s  steps  bits/dim  "
        + calibration.names.map { $0.rawValue.padding(toLength: 12, withPad: " ", startingAt: 0) }.joined())
    for s in noise {
      for count in steps {
        let images = try scorer.sample(self.count, stochasticity: s, steps: count, seed: 1)
        let estimates = try scorer.estimate(images)
        let distances = calibration.names.map { name in
          let test = TwoSample(
            estimates.map { calibration.score($0, by: name) }, calibration.references[name]?.sorted ?? [])
          return String(format: "%.3f       ", test.distance)
        }
        print(
          String(format: "%4.1f  %5d  %8.3f  ", s, count, mean(estimates.map(\.bitsPerDim)))
            + distances.joined())
      }
    }
  }
}
