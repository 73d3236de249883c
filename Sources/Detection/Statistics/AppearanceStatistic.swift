import Diffusion
import Foundation
import Images

extension StatisticName {
  /// What an image shows, and how it was made: the default where images are only looked at.
  public static let appearance = StatisticName(declaring: "appearance")
}

/// What an image shows (`ActivationStatistic`) and how it was made (`SpectrumStatistic`, and `Troubles` by what is measured of its
/// file), as one: minus the logarithm of min(content / w, troubles / (1 - w)). Content is the p-value of what it shows among the
/// ordinary images that it was fitted to (`EmpiricalNull`), troubles are those of all else, joined by Simes' inequality, and w
/// is nine tenths: a trouble is told by a p-value that a tenth does not hide, what an image shows often is not.
package struct AppearanceStatistic: Statistic {
  package static let name = StatisticName.appearance
  package static let kinds: Set<StatisticKind> = [.appearance]
  package static let parts = [ActivationStatistic.name, SpectrumStatistic.name]

  package let content: ActivationStatistic
  private let spectrum: SpectrumStatistic
  /// Of the content's scores.
  private let null: EmpiricalNull
  /// Of the spectrum's.
  private let texture: EmpiricalNull
  /// Nil where too few images were measured.
  private let troubles: Troubles?

  package var fittedParts: [any Statistic] { [content, spectrum] }

  private init(
    _ content: (fitted: ActivationStatistic, scores: [Double]),
    _ spectrum: (fitted: SpectrumStatistic, scores: [Double]), _ measures: [Measures]
  ) throws(CalibrationError) {
    self.content = content.fitted
    self.spectrum = spectrum.fitted
    null = EmpiricalNull(fitting: content.scores)
    texture = EmpiricalNull(fitting: spectrum.scores)
    troubles = measures.count >= Troubles.fewest ? try Troubles(fitting: measures) : nil
  }

  package init(fitting estimates: GroupedEstimates) throws(CalibrationError) {
    self = try Self.judged(estimates, by: CrossFit(groups: estimates.groups), trusted: true).fitted
  }

  package static func crossFitted(
    _ estimates: GroupedEstimates, by split: CrossFit
  ) throws(CalibrationError) -> (fitted: Self, scores: [Double]) {
    let (fitted, verdicts) = try judged(estimates, by: split, trusted: true)
    return (fitted, verdicts.map(\.score))
  }

  /// Fits to images, and judges each by what was fitted on the parts that it is not in.
  /// - Parameter trusted: whether all images are known to belong.
  package static func judged(
    _ estimates: GroupedEstimates, by split: CrossFit, trusted: Bool
  ) throws(CalibrationError) -> (fitted: Self, verdicts: [Verdict]) {
    let content = try ActivationStatistic.crossFitted(estimates, by: split, trusted: trusted)
    let spectrum = try SpectrumStatistic.crossFitted(estimates, by: split, trusted: trusted)
    let fitted = try Self(content, spectrum, estimates.compactMap { $0.appearance?.measures })
    return (
      fitted,
      estimates.indices.map {
        Verdict(fitted, content: content.scores[$0], spectrum: spectrum.scores[$0], estimates[$0])
      }
    )
  }

  // MARK: Verdicts

  /// What an image's appearance amounts to.
  package struct Verdict: Sendable {
    /// Probability that an ordinary image shows something as odd.
    package let content: Double
    /// Probability of as much of each trouble in an ordinary image, of those that it could be told by.
    package let troubles: [Trouble: Double]

    /// How much of the say has what an image shows.
    static let weight = 0.9

    /// A p-value wherever its parts are (Simes 1986, and the weighted inequality of Bonferroni).
    package var pValue: Double {
      min(content / Self.weight, Self.simes(Array(troubles.values)) / (1 - Self.weight), 1)
    }

    /// Minus its logarithm; higher is odder.
    package var score: Double { -log(max(pValue, .leastNormalMagnitude)) }

    /// min over k of n p(k) / k, ascending.
    static func simes(_ pValues: [Double]) -> Double {
      let n = Double(pValues.count)
      return pValues.sorted().enumerated().map { n * $1 / Double($0 + 1) }.min() ?? 1
    }

    fileprivate init(
      _ statistic: AppearanceStatistic, content: Double, spectrum: Double, _ estimate: SurprisalEstimate
    ) {
      self.init(
        content: statistic.null.pValue(content), texture: statistic.texture.pValue(spectrum), statistic,
        estimate)
    }

    private init(
      content: Double, texture: Double, _ statistic: AppearanceStatistic, _ estimate: SurprisalEstimate
    ) {
      self.content = content
      var troubles = [Trouble.texture: texture]
      if let fitted = statistic.troubles, let own = estimate.appearance?.measures {
        for trouble in Trouble.named where trouble != .texture {
          troubles[trouble] = fitted.pValue(trouble, own)
        }
      }
      self.troubles = troubles
    }

    /// The verdict on an image that shows the same: what it shows is as odd, its file's troubles are its own.
    package func onCopy(_ copy: SurprisalEstimate, by statistic: AppearanceStatistic) -> Verdict {
      Verdict(content: content, texture: troubles[.texture] ?? 1, statistic, copy)
    }

    /// What flags the image where p-values up to a threshold are flagged; never empty for an image that is.
    package func reasons(threshold: Double) -> (isContent: Bool, troubles: [Trouble]) {
      guard pValue <= threshold else { return (false, []) }
      let isContent = content / Self.weight <= threshold
      let ordered = Trouble.named.filter { troubles[$0] != nil }
        .sorted { (troubles[$0] ?? 1) < (troubles[$1] ?? 1) }
      let enough = ordered.filter {
        Double(ordered.count) * (troubles[$0] ?? 1) / (1 - Self.weight) <= threshold
      }
      // Where nothing is enough alone, several troubles are together: the first stands for them.
      return (isContent, enough.isEmpty && !isContent ? Array(ordered.prefix(1)) : enough)
    }
  }

  package func verdict(_ estimate: SurprisalEstimate) -> Verdict {
    Verdict(self, content: content.score(estimate), spectrum: spectrum.score(estimate), estimate)
  }

  package func score(_ estimate: SurprisalEstimate) -> Double { verdict(estimate).score }

  /// What was measured of a trouble, beside what is ordinary.
  package func words(_ trouble: Trouble, _ estimate: SurprisalEstimate, _ form: EstimateForm) -> String {
    if trouble == .texture { return spectrum.words(estimate, form) ?? "" }
    guard let troubles, let own = estimate.appearance?.measures else { return "" }
    return troubles.words(trouble, own)
  }

  /// Those of what is oddest.
  package func words(_ estimate: SurprisalEstimate, _ form: EstimateForm) -> String? {
    let verdict = verdict(estimate)
    let (isContent, named) = verdict.reasons(threshold: verdict.pValue)
    return words(estimate, form, isContent: isContent, named)
  }

  package func words(
    _ estimate: SurprisalEstimate, _ form: EstimateForm, isContent: Bool, _ named: [Trouble]
  ) -> String {
    (named.map { "\($0.rawValue): \(words($0, estimate, form))" }
      + (isContent ? [content.words(estimate, form) ?? ""] : [])).joined(separator: "; ")
  }

  // MARK: As a file keeps it

  package var tensors: [String: [Double]] {
    var all: [String: [Double]] = [:]
    for (name, values) in content.tensors { all["content.\(name)"] = values }
    for (name, values) in spectrum.tensors { all["spectrum.\(name)"] = values }
    for (name, values) in null.tensors { all["null.\(name)"] = values }
    for (name, values) in texture.tensors { all["texture.\(name)"] = values }
    all["measured"] = [troubles == nil ? 0 : 1]
    for (name, values) in troubles?.tensors ?? [:] { all["troubles.\(name)"] = values }
    return all
  }

  package init(tensor: (String, Int?) throws -> [Double]) throws {
    content = try ActivationStatistic { try tensor("content.\($0)", $1) }
    spectrum = try SpectrumStatistic { try tensor("spectrum.\($0)", $1) }
    texture = try EmpiricalNull { try tensor("texture.\($0)", $1) }
    null = try EmpiricalNull { try tensor("null.\($0)", $1) }
    troubles = try tensor("measured", 1)[0] == 0 ? nil : Troubles { try tensor("troubles.\($0)", $1) }
  }

  package func refusal(for form: EstimateForm) -> String? {
    content.refusal(for: form) ?? spectrum.refusal(for: form)
      ?? (null.isRegular && texture.isRegular ? nil : "the law of ordinary scores is none")
  }
}
