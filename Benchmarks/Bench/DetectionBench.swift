import ArgumentParser
import Detection
import Diffusion
import Foundation
import Images
import Surprisal
import Tensors

/// AUROC of every statistic against sets of outliers and against degraded members, and the rates that hold.
struct DetectionBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "detection", abstract: "AUROC of each statistic, and the rates realised over many splits.")

  @OptionGroup var subject: Subject
  @Option(parsing: .upToNextOption, help: "Images that do not belong, a set each.")
  var outliers: [String] = []
  @Option(parsing: .upToNextOption, help: "Images to calibrate on where the model is not.")
  var references: [String] = []
  @Option(parsing: .upToNextOption, help: "Numbers of evaluations.") var evaluations = [16]
  @Flag(inversion: .prefixedNo, help: "Also degraded copies.") var degraded = true
  @Option(help: "Splits into references and fresh images, for the rates; 0: none.") var splits = 200

  /// By statistic, and by the control.
  private typealias Scored = [String: [Double]]

  func run() throws {
    var model = try Model(path: subject.model)
    let shape = model.shape
    for count in evaluations where !model.calibrations.contains(where: { $0.evaluations == count }) {
      try model.calibrate(
        on: Subject.read(references, shape, .max), budget: .fixed(count))
    }
    let images = try Subject.read(subject.images, shape, subject.limit)
    let half = images.count / 2
    for count in evaluations {
      let calibration = try model.calibration(evaluations: count)
      let scorer = try Scorer(model, evaluations: count)
      let mixture = PixelMixture(calibration)
      let columns = calibration.names.map(\.rawValue) + (mixture == nil ? [] : [PixelMixture.name])
      func scores(_ images: ImageBatch) throws -> Scored {
        var scored: Scored = [:]
        for part in images.parts(of: scorer.batch) {
          for estimate in try scorer.estimate(images[part]) {
            for name in calibration.names {
              scored[name.rawValue, default: []].append(calibration.score(estimate, by: name))
            }
            if let mixture { scored[PixelMixture.name, default: []].append(mixture.score(estimate)) }
          }
        }
        return scored
      }
      let known = try scores(images)
      print(
        "\n\(count) evaluations; \(half * 2) images that belong, \(calibration.referenceCount) references"
      )
      print(
        "AUROC".padding(toLength: 34, withPad: " ", startingAt: 0)
          + columns.map { $0.padding(toLength: 11, withPad: " ", startingAt: 0) }.joined())
      func row(_ name: String, _ inliers: Scored, _ others: Scored) {
        let values = columns.map { statistic in
          String(
            format: "%.4f     ",
            Separation(inliers: inliers[statistic] ?? [], outliers: others[statistic] ?? []).auroc)
        }
        print(name.padding(toLength: 34, withPad: " ", startingAt: 0) + values.joined())
      }
      for path in outliers {
        let others = try scores(Subject.read([path], shape, subject.limit))
        let name = path.split(separator: "/").suffix(2).joined(separator: "/")
        row(String(name.prefix(32)), known, others)
      }
      guard degraded else { continue }
      // Members from the first half, spoiled ones from the second: no image is on both sides.
      let first = known.mapValues { Array($0[..<half]) }
      for kind in Degradation.allCases {
        let spoiled = try (half..<images.count).map { try kind(images[$0], seed: UInt64($0)) }
        row(kind.words, first, try scores(ImageBatch(shape: shape, images: spoiled)))
      }
    }
    if splits > 0 { try rates(model) }
  }

  /// Share of fresh members flagged, over splits of scored members into references and fresh ones; and, with the first
  /// set of outliers mixed in, the share of members among what a false discovery rate flags.
  private func rates(_ model: Model) throws {
    let count = evaluations[evaluations.count - 1]
    let scorer = try Scorer(model, evaluations: count)
    func estimates(_ paths: [String], _ limit: Int) throws -> [SurprisalEstimate] {
      let images = try Subject.read(paths, model.shape, limit)
      return try images.parts(of: scorer.batch).flatMap { try scorer.estimate(images[$0]) }
    }
    let members = try estimates(subject.images, 4000)
    // 5 % of the fresh images.
    let others = try outliers.first.map { try estimates([$0], members.count / 38) } ?? []
    print(
      "\nrates over \(splits) splits of \(members.count) members, half of them fresh; "
        + "--fdr 0.1 with \(others.count) outliers mixed in"
    )
    print(
      "statistic     0.1                 0.05                0.01                false discoveries   found")
    let fitted = try model.calibration(evaluations: count)
    for name in fitted.names {
      let scores = members.map { fitted.score($0, by: name) }
      let odd = others.map { fitted.score($0, by: name) }
      var shares: [[Double]] = [[], [], [], [], []]
      for split in 0..<splits {
        var random = RandomSource(seed: UInt64(split), stream: 0x5350_4C54)
        let shuffled = scores.shuffled(using: &random)
        let references = try ReferenceScores(Array(shuffled[..<(shuffled.count / 2)]))
        let fresh = shuffled[(shuffled.count / 2)...].map(references.pValue)
        for (k, rate) in [0.1, 0.05, 0.01].enumerated() {
          shares[k].append(Double(fresh.count { $0 <= rate }) / Double(fresh.count))
        }
        let mixed = odd.map(references.pValue)
        let threshold = FlaggingRule.falseDiscoveryRate(0.1).threshold(for: fresh + mixed)
        let (wrong, right) = (fresh.count { $0 <= threshold }, mixed.count { $0 <= threshold })
        shares[3].append(Double(wrong) / Double(max(wrong + right, 1)))
        shares[4].append(Double(right) / Double(max(mixed.count, 1)))
      }
      let columns = shares.map {
        String(format: "  %.5f +- %.5f", mean($0), deviation($0) / Double(max($0.count, 1)).squareRoot())
      }
      print(name.rawValue.padding(toLength: 12, withPad: " ", startingAt: 0) + columns.joined())
    }
  }
}
