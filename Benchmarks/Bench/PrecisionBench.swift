import ArgumentParser
import Detection
import Foundation
import ScoreModel
import Surprisal
import Tensors

/// What bfloat16 changes: bits/dim image by image, and what each statistic tells apart.
struct PrecisionBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "precision", abstract: "bits/dim and AUROC in bfloat16 against float32.")

  @OptionGroup var subject: Subject
  @Option(parsing: .upToNextOption, help: "Images that do not belong.") var outliers: [String]

  func run() throws {
    let (model, _, pixels) = try subject.load()
    let odd = try Subject.pixels(outliers, model.shape, subject.limit)
    let calibration = try model.calibration(evaluations: 16)
    let engine = try Engine()
    let found = try [Precision.float32, .bfloat16].map { precision in
      let scorer = try Scorer(model, evaluations: 16, precision: precision, engine: engine)
      return (known: try scorer.estimate(pixels), odd: try scorer.estimate(odd))
    }
    for (name, sides) in [
      ("images", found.map(\.known)), ("outliers", found.map(\.odd)),
    ] {
      let differences = zip(sides[0], sides[1]).map { $1.bitsPerDim - $0.bitsPerDim }
      print(
        String(
          format: "%d %@: bfloat16 less float32 %+.5f bits/dim, at most %.5f an image", differences.count,
          name as NSString, mean(differences), differences.map { abs($0) }.max() ?? 0))
    }
    print("AUROC        float32  bfloat16")
    for name in StatisticName.allCases {
      let values = found.map { side in
        Separation(
          inliers: side.known.map { calibration.score($0, by: name) },
          outliers: side.odd.map { calibration.score($0, by: name) }
        ).auroc
      }
      print(
        name.rawValue.padding(toLength: 13, withPad: " ", startingAt: 0)
          + String(format: "%.5f  %.5f", values[0], values[1]))
    }
  }
}
