/** What every component writes with: Preact, its hooks, signals, and `html` instead of a build step. */
import { h, Fragment, createContext, render, cloneElement, createPortal } from 'preact';
import {
  useState,
  useEffect,
  useLayoutEffect,
  useRef,
  useMemo,
  useCallback,
  useContext,
  useId,
  useErrorBoundary,
} from 'preact/hooks';
import { signal, computed, effect, batch, untracked } from '@preact/signals-core';
import { useSignal, useComputed, useSignalEffect } from '@preact/signals';
import htm from 'htm';

/** @typedef {import('preact').ComponentChildren} Children */
/** @typedef {import('preact').VNode<any>} Node */
/**
 * @template T
 * @typedef {import('@preact/signals-core').Signal<T>} Signal
 */
/**
 * @template T
 * @typedef {import('@preact/signals-core').ReadonlySignal<T>} ReadonlySignal
 */

/** Markup as a tagged template: `` html`<p class="line">${text}</p>` ``. What is put in is always text, never markup.
 * @type {(strings: TemplateStringsArray, ...values: any[]) => Node} */
export const html = /** @type {any} */ (htm.bind(/** @type {any} */ (h)));

export {
  h,
  Fragment,
  createContext,
  createPortal,
  cloneElement,
  render,
  useState,
  useEffect,
  useLayoutEffect,
  useRef,
  useMemo,
  useCallback,
  useContext,
  useId,
  useErrorBoundary,
  signal,
  computed,
  effect,
  batch,
  untracked,
  useSignal,
  useComputed,
  useSignalEffect,
};
