import ArgumentParser
import Detection
import Foundation
import ScoreModel
import Surprisal
import Tensors

/// What faster arithmetic changes: bits/dim image by image, and what each statistic tells apart.
struct PrecisionBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "precision",
    abstract: "bits/dim and AUROC in float32 by Winograd and in bfloat16, against float32 sums.")

  @OptionGroup var subject: Subject
  @Option(parsing: .upToNextOption, help: "Images that do not belong.") var outliers: [String]

  func run() throws {
    let (model, _, images) = try subject.load()
    let odd = try Subject.read(outliers, model.shape, subject.limit)
    let calibration = try model.calibration(evaluations: 16)
    let kinds = [Precision.direct, .float32, .bfloat16]
    let found = try kinds.map { precision in
      let scorer = try Scorer(model, compute: Compute(precision: precision))
      return (known: try scorer.estimate(images), odd: try scorer.estimate(odd))
    }
    print("less f32-direct, bits/dim        images, most of one    outliers, most of one")
    for (kind, sides) in zip(kinds, found).dropFirst() {
      let row = [(sides.known, found[0].known), (sides.odd, found[0].odd)].map { side, exact in
        let differences = zip(side, exact).map { $0.bitsPerDim - $1.bitsPerDim }
        return String(
          format: "   %+.6f  %.6f", mean(differences), differences.map { abs($0) }.max() ?? 0)
      }
      print(kind.rawValue.padding(toLength: 29, withPad: " ", startingAt: 0) + row.joined(separator: "  "))
    }
    print(
      "AUROC        " + kinds.map { $0.rawValue.padding(toLength: 12, withPad: " ", startingAt: 0) }.joined())
    for name in calibration.names {
      let values = found.map { side in
        Separation(
          inliers: side.known.map { calibration.score($0, by: name) },
          outliers: side.odd.map { calibration.score($0, by: name) }
        ).auroc
      }
      print(
        name.rawValue.padding(toLength: 13, withPad: " ", startingAt: 0)
          + values.map { String(format: "%.5f     ", $0) }.joined())
    }
  }
}
