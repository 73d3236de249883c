import ArgumentParser
import Detection
import Diffusion
import Foundation
import Images
import Surprisal
import Tensors

/// What verdicts rest on, measured on images of one population: rates of cross-fitted p-values, and the level of set
/// verdicts.
struct VerdictsBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verdicts", abstract: "Rates of few references, levels of sets of any size.")

  @OptionGroup var subject: Subject
  @Option(help: "Splits into calibrated and fresh images.") var splits = 200
  @Option(help: "Sets drawn at each size.") var sets = 2000

  func run() throws {
    let model = try Model(path: subject.model)
    let images = try Subject.read(subject.images, model.shape, subject.limit)
    let estimates = try Scorer(model).estimate(images)
    try rates(estimates)
    try levels(estimates)
  }

  /// Share of fresh images flagged when few images are all references.
  private func rates(_ estimates: [SurprisalEstimate]) throws {
    let statistics: [StatisticName] = [.combined, .joint, .spatial, .surprisal]
    print("\ncross-fitted references: share flagged over \(splits) splits, +- two standard errors")
    print(
      "images  rate   allowed  "
        + statistics.map { $0.rawValue.padding(toLength: 18, withPad: " ", startingAt: 0) }.joined())
    for count in [100, 300] {
      var flagged: [[[Double]]] = statistics.map { _ in [[], [], []] }
      let levels = [0.1, 0.05, 0.01]
      for split in 0..<splits {
        var random = RandomSource(seed: UInt64(split), stream: 31)
        let order = estimates.indices.shuffled(using: &random)
        let calibration = try Calibration(evaluations: 16, estimates: order[..<count].map { estimates[$0] })
        let fresh = order[count...].prefix(300)
        for (s, statistic) in statistics.enumerated() {
          let pValues = fresh.map {
            calibration.pValue(calibration.score(estimates[$0], by: statistic), by: statistic)
          }
          for (k, level) in levels.enumerated() {
            flagged[s][k].append(Double(pValues.count { $0 <= level }) / Double(fresh.count))
          }
        }
      }
      for (k, level) in levels.enumerated() {
        let allowed = (Double(count + 1) * level).rounded(.down) / Double(count + 1)
        print(
          String(format: "%6d  %.2f   %.4f   ", count, level, allowed)
            + flagged.map {
              String(
                format: "%.4f +- %.4f  ", mean($0[k]), 2 * deviation($0[k]) / Double(splits).squareRoot())
            }
            .joined())
      }
    }
  }

  /// Share of sets of the population that a set verdict rejects.
  private func levels(_ estimates: [SurprisalEstimate]) throws {
    print(
      "\nset verdicts: share of \(sets) sets with a p-value at or below the level (two standard errors: 0.0097, 0.0044, 0.0014)"
    )
    print("images   0.05     0.01     0.001   drifted by 0.3 sd, at 0.05")
    let levels = [0.05, 0.01, 0.001]
    let spread = deviation(estimates.map(\.bitsPerDim))
    for count in [1, 2, 5, 20, 50, 200] {
      var rejected = [0, 0, 0]
      var seen = 0
      for set in 0..<sets {
        var random = RandomSource(seed: UInt64(set), stream: 37)
        // A part of the images are references, others the set: exchangeable, whatever the model makes of them.
        let order = estimates.indices.shuffled(using: &random)
        let (known, drawn) = (order[count...].prefix(1000), order[..<count])
        func pValue(_ drift: Double) -> Double {
          let bits = drawn.map { estimates[$0].bitsPerDim + drift * spread }
          let references = known.map { estimates[$0].bitsPerDim }
          return SetVerdict(scores: bits, bits: bits, references: references, known: references)?.pValue ?? 1
        }
        let ordinary = pValue(0)
        for (k, level) in levels.enumerated() where ordinary <= level { rejected[k] += 1 }
        if set < sets / 10, pValue(0.3) <= 0.05 { seen += 1 }
      }
      print(
        String(format: "%6d  ", count)
          + rejected.map { String(format: "%.4f   ", Double($0) / Double(sets)) }.joined()
          + String(format: "%.3f", Double(seen) / Double(sets / 10)))
    }
  }
}
