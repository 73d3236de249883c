import Diffusion
import Foundation

extension StatisticName {
  /// What an encoder sees of an image, whole and by place: the default where a model has an encoder.
  public static let sight = StatisticName(declaring: "sight")
}

/// `EmbeddingStatistic` and, where the encoder says where, `PatchStatistic`, as one: minus the logarithm of the product of their
/// p-values among ordinary images (Fisher 1932), each by a law of the images' cross-fitted scores that goes on where ranks end
/// (`EmpiricalNull`). What both find somewhat odd is odder than what one does. That they depend on one another is in the references.
package struct SightStatistic: Statistic {
  package static let name = StatisticName.sight
  package static let kinds: Set<StatisticKind> = [.sight]
  package static let parts = [EmbeddingStatistic.name, PatchStatistic.name]

  package let embedding: EmbeddingStatistic
  /// Nil where the encoder says nothing of places.
  package let patches: PatchStatistic?
  /// Of the embedding's scores.
  private let whole: EmpiricalNull
  /// Of the patches'.
  private let places: EmpiricalNull?

  package var fittedParts: [any Statistic] { [embedding] + (patches.map { [$0] } ?? []) }

  package init(fitting estimates: [SurprisalEstimate]) throws(CalibrationError) {
    self = try Self.crossFitted(estimates, by: CrossFit(rows: estimates.count)).fitted
  }

  package static func crossFitted(
    _ estimates: [SurprisalEstimate], by split: CrossFit
  ) throws(CalibrationError) -> (fitted: Self, scores: [Double]) {
    let (fitted, scores) = try fit(estimates, by: split)
    return (fitted, scores[name] ?? [])
  }

  /// With the scores of every part.
  static func fit(
    _ estimates: [SurprisalEstimate], by split: CrossFit
  ) throws(CalibrationError) -> (fitted: Self, scores: [StatisticName: [Double]]) {
    let embedding = try EmbeddingStatistic.crossFitted(estimates, by: split)
    let seesPlaces = estimates.first?.features?.maps.isEmpty == false
    let patches = seesPlaces ? try PatchStatistic.crossFitted(estimates, by: split) : nil
    let fitted = Self(embedding, patches)
    var scores = [EmbeddingStatistic.name: embedding.scores]
    scores[PatchStatistic.name] = patches?.scores
    scores[name] = estimates.indices.map { fitted.join(embedding.scores[$0], patches?.scores[$0]) }
    return (fitted, scores)
  }

  private init(
    _ embedding: (fitted: EmbeddingStatistic, scores: [Double]),
    _ patches: (fitted: PatchStatistic, scores: [Double])?
  ) {
    self.embedding = embedding.fitted
    self.patches = patches?.fitted
    whole = EmpiricalNull(fitting: embedding.scores)
    places = (patches?.scores).map { EmpiricalNull(fitting: $0) }
  }

  private func join(_ embedding: Double, _ patches: Double?) -> Double {
    func surprise(_ score: Double, _ law: EmpiricalNull) -> Double {
      score.isNaN ? .nan : -log(max(law.pValue(score), .leastNormalMagnitude))
    }
    let first = surprise(embedding, whole)
    guard let places, let patches else { return first }
    return first + surprise(patches, places)
  }

  package func score(_ estimate: SurprisalEstimate) -> Double {
    join(embedding.score(estimate), patches?.score(estimate))
  }

  /// Where it is oddest, or the whole where that is odder.
  package func words(_ estimate: SurprisalEstimate, _ form: EstimateForm) -> String? {
    let whole = embedding.words(estimate, form)
    guard let patches, let places else { return whole }
    let distances = patches.distances(estimate)
    let isLocal = places.pValue(patches.score(distances)) <= self.whole.pValue(embedding.score(estimate))
    let spot = patches.words(distances, form)
    return (isLocal ? [spot, whole] : [whole, spot]).compactMap { $0 }.joined(separator: "; ")
  }

  // MARK: As a file keeps it

  package var tensors: [String: [Double]] {
    var all: [String: [Double]] = ["places": [patches == nil ? 0 : 1]]
    for (name, values) in embedding.tensors { all["embedding.\(name)"] = values }
    for (name, values) in whole.tensors { all["embedding.null.\(name)"] = values }
    for (name, values) in patches?.tensors ?? [:] { all["patches.\(name)"] = values }
    for (name, values) in places?.tensors ?? [:] { all["patches.null.\(name)"] = values }
    return all
  }

  package init(tensor: (String, Int?) throws -> [Double]) throws {
    embedding = try EmbeddingStatistic { try tensor("embedding.\($0)", $1) }
    whole = try EmpiricalNull { try tensor("embedding.null.\($0)", $1) }
    let seesPlaces = try tensor("places", 1)[0] != 0
    patches = seesPlaces ? try PatchStatistic { try tensor("patches.\($0)", $1) } : nil
    places = seesPlaces ? try EmpiricalNull { try tensor("patches.null.\($0)", $1) } : nil
  }

  package func refusal(for form: EstimateForm) -> String? {
    embedding.refusal(for: form) ?? patches?.refusal(for: form)
      ?? (whole.isRegular && places?.isRegular != false ? nil : "the law of ordinary scores is none")
  }
}
