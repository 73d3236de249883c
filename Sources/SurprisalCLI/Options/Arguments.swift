// swift-format-ignore-file: AvoidRetroactiveConformances

// The library's values as arguments. The library itself does not know ArgumentParser, and both are built from source
// with the command, so that a conformance of theirs would show when it comes.
import ArgumentParser
import Surprisal

extension Architecture.Preset: @retroactive ExpressibleByArgument {}
extension Precision: @retroactive ExpressibleByArgument {}
extension ProbabilityFlow.Dequantisation: @retroactive ExpressibleByArgument {}
extension ReportFormat: @retroactive ExpressibleByArgument {}
extension StatisticName: @retroactive ExpressibleByArgument {}

extension EvaluationBudget: @retroactive ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}
