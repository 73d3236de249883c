extension Observation {
  /// What one look tells: `SurprisalEstimate.appearance`. No evaluation shows it, so that who runs the network adds it.
  package static let look = Observation("look") { _, _ in NoObserver() }
}

private struct NoObserver: ErrorObserver {
  func report(into estimate: inout SurprisalEstimate) {}
}
