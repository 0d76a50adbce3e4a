"""Steps of providers that concern no job, and of the market that sets all prices."""

from solders.instruction import AccountMeta

from keeper.lab.market import jobs as market
from neurolov_client import SHARDS, job_registry, shard_of, staking
from neurolov_client.bindings.job_registry import ASK_MACS, Q32_ONE
from tests.invariants.economy import Economy
from tests.world import Actor


class ProviderSteps(Economy):
    """Each step predicts from the view whether it is allowed."""

    def quote(self, owner: Actor, params: staking.RegistryParams) -> int:
        """Returns the base units that the provider asks for the graph, floored at each factor."""
        provider = self.view.providers[owner.key]
        rate, reference = provider.measured_rate, params.capability_ref
        capability = Q32_ONE if rate >= reference else rate * Q32_ONE // reference
        price = provider.ask * self.graph.multiply_adds // ASK_MACS
        for factor in (
            Q32_ONE + self.view.market.demand_q32,
            Q32_ONE + capability,
            params.season_q32,
        ):
            price = price * factor >> 32
        return price

    def drain(self, owner: Actor, draining: bool) -> None:
        refusal = None if owner.key in self.view.providers else "AccountOwnedByWrongProgram"
        self.attempt(
            refusal,
            job_registry.update_provider(
                capability=self._capability(), draining=draining, owner=owner.key
            ),
            signers=[owner],
        )

    def leave(self, owner: Actor) -> None:
        """Deregisters; a provider with a running job must stay."""
        provider = self.view.providers.get(owner.key)
        refusal = "ProviderActive" if provider and provider.active else None
        self.attempt(
            refusal if provider else "AccountOwnedByWrongProgram",
            job_registry.deregister_provider(
                owner=owner.key, utilisation=job_registry.utilisation_address(shard_of(owner.key))
            ),
            signers=[owner],
        )

    def register(self, owner: Actor) -> None:
        known = owner.key in self.view.providers
        self.attempt(
            "AccountAlreadyInUse" if known else None,
            job_registry.register_provider(capability=self._capability(), owner=owner.key),
            signers=[owner],
        )

    def market_is_due(self) -> bool:
        """Returns whether an epoch has begun that the market has not seen."""
        return self.world.window > self.view.market.epoch

    def roll_market(self) -> None:
        shards = [job_registry.utilisation_address(shard) for shard in range(SHARDS)]
        self.attempt(
            None if self.market_is_due() else "MarketCurrent",
            job_registry.roll_market(
                terms=self.world.terms,
                remaining=[AccountMeta(shard, False, False) for shard in shards],
            ),
        )

    def _capability(self) -> job_registry.Capability:
        return market.capability(ask=self.ask)
