// Owns notifications of this browser by Web Push: whether it gets them, asking for them, ending them.

import { signal } from "@preact/signals";

import type { DevicePushKeyResult } from "../../protocol.ts";
import { attempt, call, trouble } from "./state.ts";

export type Notified = "unknown" | "impossible" | "no" | "yes";

export const notified = signal<Notified>("unknown");

async function worker(): Promise<ServiceWorkerRegistration | null> {
  if (!("serviceWorker" in navigator) || !("PushManager" in window)) return null;
  return navigator.serviceWorker.ready;
}

/** Once the daemon can be asked: what this browser holds, it is told again, for it may have lost it. */
export async function look(): Promise<void> {
  const held = await (await worker())?.pushManager.getSubscription();
  if (held === undefined) notified.value = "impossible";
  else if (!held || Notification.permission !== "granted") notified.value = "no";
  else if (await attempt(tell(held))) notified.value = "yes";
}

/** From a tap: browsers ask the person. */
export async function begin(): Promise<void> {
  if ((await Notification.requestPermission()) !== "granted") {
    trouble.value = "This browser does not allow notifications of this page; its settings have them.";
    return;
  }
  const manager = (await worker())!.pushManager;
  const told = await attempt(call<DevicePushKeyResult>("device/pushKey"));
  if (!told) return;
  // One made with another key cannot be told apart, and would fail.
  await (await manager.getSubscription())?.unsubscribe();
  try {
    const made = await manager.subscribe({ userVisibleOnly: true, applicationServerKey: told.key });
    if (await attempt(tell(made))) notified.value = "yes";
  } catch (fault) {
    trouble.value = `This browser's push service cannot be used: ${(fault as Error).message}`;
  }
}

export async function end(): Promise<void> {
  if (!(await attempt(call("device/unsubscribe")))) return;
  await (await (await worker())?.pushManager.getSubscription())?.unsubscribe();
  notified.value = "no";
}

function tell(subscription: PushSubscription): Promise<unknown> {
  const { endpoint, keys } = subscription.toJSON();
  return call("device/subscribe", { endpoint, p256dh: keys!["p256dh"], auth: keys!["auth"] });
}
