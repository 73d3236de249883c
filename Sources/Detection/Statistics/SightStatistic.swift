import Diffusion
import Foundation

extension StatisticName {
  /// What an encoder sees of an image, whole and by place: the default where a model has an encoder.
  public static let sight = StatisticName(declaring: "sight")
}

/// `EmbeddingStatistic` and, where the encoder says where, `PlaceStatistic`, as one: minus the logarithm of the product of their
/// p-values among ordinary images (Fisher 1932), each by a law of the images' cross-fitted scores that goes on where ranks end
/// (`EmpiricalNull`). What both find somewhat odd is odder than what one does. That they depend on one another is in the references.
package struct SightStatistic: Statistic {
  package static let name = StatisticName.sight
  package static let kinds: Set<StatisticKind> = [.sight]
  package static let parts = [EmbeddingStatistic.name, PlaceStatistic.name]

  package let embedding: EmbeddingStatistic
  /// Nil where the encoder says nothing of places.
  package let places: PlaceStatistic?
  /// The law of the embedding's scores.
  private let ofWhole: EmpiricalNull
  /// Of the places'.
  private let ofPlaces: EmpiricalNull?

  package var fittedParts: [any Statistic] { [embedding] + (places.map { [$0] } ?? []) }

  package init(fitting estimates: GroupedEstimates) throws(CalibrationError) {
    self = try Self.crossFitted(estimates, by: CrossFit(groups: estimates.groups)).fitted
  }

  package static func crossFitted(
    _ estimates: GroupedEstimates, by split: CrossFit
  ) throws(CalibrationError) -> (fitted: Self, scores: [Double]) {
    let (fitted, scores) = try fit(estimates, by: split)
    return (fitted, scores[name] ?? [])
  }

  /// With the scores of every part.
  static func fit(
    _ estimates: GroupedEstimates, by split: CrossFit
  ) throws(CalibrationError) -> (fitted: Self, scores: [StatisticName: [Double]]) {
    let embedding = try EmbeddingStatistic.crossFitted(estimates, by: split)
    let seesPlaces = estimates.first?.features?.maps.isEmpty == false
    let places = seesPlaces ? try PlaceStatistic.crossFitted(estimates, by: split) : nil
    let fitted = Self(embedding, places)
    var scores = [EmbeddingStatistic.name: embedding.scores]
    scores[PlaceStatistic.name] = places?.scores
    scores[name] = estimates.indices.map { fitted.join(embedding.scores[$0], places?.scores[$0]) }
    return (fitted, scores)
  }

  private init(
    _ embedding: (fitted: EmbeddingStatistic, scores: [Double]),
    _ places: (fitted: PlaceStatistic, scores: [Double])?
  ) {
    self.embedding = embedding.fitted
    self.places = places?.fitted
    ofWhole = EmpiricalNull(fitting: embedding.scores)
    ofPlaces = (places?.scores).map { EmpiricalNull(fitting: $0) }
  }

  private func join(_ embedding: Double, _ places: Double?) -> Double {
    func surprise(_ score: Double, _ law: EmpiricalNull) -> Double {
      score.isNaN ? .nan : -log(max(law.pValue(score), .leastNormalMagnitude))
    }
    let first = surprise(embedding, ofWhole)
    guard let ofPlaces, let places else { return first }
    return first + surprise(places, ofPlaces)
  }

  package func score(_ estimate: SurprisalEstimate) -> Double {
    join(embedding.score(estimate), places?.score(estimate))
  }

  /// Where it is oddest, or the whole where that is odder.
  package func words(_ estimate: SurprisalEstimate, _ form: EstimateForm) -> String? {
    let whole = embedding.words(estimate, form)
    guard let places, let ofPlaces else { return whole }
    let isLocal = ofPlaces.pValue(places.score(estimate)) <= ofWhole.pValue(embedding.score(estimate))
    let spot = places.words(estimate, form)
    return (isLocal ? [spot, whole] : [whole, spot]).compactMap { $0 }.joined(separator: "; ")
  }

  // MARK: As a file keeps it

  package var tensors: [String: [Double]] {
    var all: [String: [Double]] = [Self.seesPlaces: [places == nil ? 0 : 1]]
    for (name, values) in embedding.tensors { all["embedding.\(name)"] = values }
    for (name, values) in ofWhole.tensors { all["embedding.null.\(name)"] = values }
    for (name, values) in places?.tensors ?? [:] { all["places.\(name)"] = values }
    for (name, values) in ofPlaces?.tensors ?? [:] { all["places.null.\(name)"] = values }
    return all
  }

  private static let seesPlaces = "seesplaces"
  /// Where an earlier version kept whether it saw any.
  private static let seesPatches = "places"

  package init(tensor: (String, Int?) throws -> [Double]) throws {
    embedding = try EmbeddingStatistic { try tensor("embedding.\($0)", $1) }
    ofWhole = try EmpiricalNull { try tensor("embedding.null.\($0)", $1) }
    let places: Double
    do { places = try tensor(Self.seesPlaces, 1)[0] } catch {
      // What is damaged has none of either.
      guard (try? tensor(Self.seesPatches, 1)) != nil else { throw error }
      throw CalibrationError.unsuitable(
        "sight is of an earlier version, which judged by patches: fit the model anew")
    }
    self.places = places == 0 ? nil : try PlaceStatistic { try tensor("places.\($0)", $1) }
    ofPlaces = places == 0 ? nil : try EmpiricalNull { try tensor("places.null.\($0)", $1) }
  }

  package func refusal(for form: EstimateForm) -> String? {
    embedding.refusal(for: form) ?? places?.refusal(for: form)
      ?? (ofWhole.isRegular && ofPlaces?.isRegular != false ? nil : "the law of ordinary scores is none")
  }
}
